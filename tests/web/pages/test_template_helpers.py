"""Filters, tests and globals of the application's own, in its templates."""

import asyncio
import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pytest
from asking import write_templates
from markupsafe import Markup
from serving import start_with

from servey_core import (
    ConfigurationError,
    PluginError,
    Runtime,
    TtlCacheControl,
    WebPageTrigger,
    action,
    hookimpl,
)
from servey_core.errors import ActionError
from servey_web import TemplateHelpers
from servey_web.pages.templates import Templates

SETTINGS = {"plugin_modules": __name__}


@dataclass
class Pet:
    name: str
    cents: int


def euros(cents: int, sign: str = "€") -> str:
    return f"{cents / 100:.2f} {sign}"


def bold(text: str) -> Markup:
    return Markup("<b>{}</b>").format(text)


def unsafe(text: str) -> str:
    return f"<{text}>"


async def slowly(text: str) -> str:
    await asyncio.sleep(0)
    return f"{text} slowly"


def later(text: str) -> Any:
    return slowly(text)


@functools.wraps(slowly)
def wrapped(text: str) -> Any:
    return slowly(text)


def cheap(cents: int, limit: int = 1000) -> bool:
    return cents < limit


@jinja2.pass_context
def seen(context: Any, text: str) -> str:
    page, caller = context["page"], context["authorization"]
    return f"{text} at {page.path} by {caller.subject if caller else 'nobody'}"


@jinja2.pass_environment
def known(environment: Any, name: str) -> bool:
    return name in environment.filters


@jinja2.pass_eval_context
def escapes(eval_context: Any) -> bool:
    return bool(eval_context.autoescape)


COUNTED = itertools.count(1)


def count(text: str) -> str:
    return f"{text} {next(COUNTED)}"


@hookimpl
def servey_template_helpers(runtime: Runtime) -> list[TemplateHelpers]:
    def actions() -> int:
        return len(runtime.actions)

    filters = {
        "euros": euros,
        "bold": bold,
        "unsafe": unsafe,
        "slowly": slowly,
        "later": later,
        "wrapped": wrapped,
        "seen": seen,
        "counted": count,
        "hexadecimal": hex,
    }
    return [
        TemplateHelpers(filters={**filters}, tests={"cheap": cheap, "known": known}),
        TemplateHelpers(
            globals={"shop": "Pets & Co", "actions": actions, "wait": later, "escapes": escapes}
        ),
    ]


@action(
    triggers=[WebPageTrigger("/", template="home.j2"), WebPageTrigger("/2", template="seen.j2")],
    cache_control=TtlCacheControl(60),
)
async def home() -> list[Pet]:
    return [Pet("Rex", 950), Pet("<Tom>", 12000)]


ACTIONS = [home]
TEMPLATES = {
    "home.j2": "{{ model[0].cents | euros }} {{ shop }}",
    "seen.j2": "{{ shop | seen }}",
}


def test_a_page_has_them(app: Any) -> None:
    answer = app.get("/")
    assert answer.text == "9.50 € Pets &amp; Co"
    assert answer.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("{{ model[1].cents | euros(sign='EUR') }}", "120.00 EUR"),
        ("{{ model[1].name | bold }}", "<b>&lt;Tom&gt;</b>"),
        ("{{ 'b' | unsafe }}", "&lt;b&gt;"),
        ("{{ 'a' | slowly }}{{ 'b' | later }}", "a slowlyb slowly"),
        ("{% filter bold %}x{% endfilter %}", "<b>x</b>"),
        ("{{ model | map(attribute='cents') | map('euros') | join(' ') }}", "9.50 € 120.00 €"),
        ("{{ ['a', 'b'] | map('slowly') | join(' ') }}", "a slowly b slowly"),
        ("{{ model | selectattr('cents', 'cheap') | map(attribute='name') | first }}", "Rex"),
        ("{{ model[0].cents is cheap }} {{ model[0].cents is cheap(limit=10) }}", "True False"),
        ("{{ 'euros' is known }} {{ escapes() }}", "True True"),
        ("{{ 255 | hexadecimal }}", "0xff"),
        ("{{ shop }} {{ actions() }} {{ wait('c') }}", "Pets &amp; Co 1 c slowly"),
        ("{% macro m() %}{{ 1 | euros }}{{ actions() }}{% endmacro %}{{ m() }}", "0.01 €1"),
        ("{% from 'macros.j2' import m %}{{ m() }}", "0.01 €1"),
    ],
)
def test_helpers_are_as_jinja_has_them(serve: Any, template: str, page: str) -> None:
    macros = "{% macro m() %}{{ 1 | euros }}{{ actions() }}{% endmacro %}"
    templates = {**TEMPLATES, "home.j2": template, "macros.j2": macros}
    with serve([home], templates, **SETTINGS) as app:
        assert app.get("/").text == page


def test_what_looks_at_the_request_makes_a_page_of_ones_own(app: Any) -> None:
    answer = app.get("/2")
    assert answer.text == "Pets &amp; Co at /2 by nobody"
    assert answer.headers["cache-control"].startswith("private")
    answer = app.client.get("/2", headers=app.credentials())
    assert answer.text == "Pets &amp; Co at /2 by ann"


def test_a_filter_is_called_for_each_page(serve: Any, tmp_path: Path) -> None:
    with serve([home], {**TEMPLATES, "home.j2": "{{ 'x' | counted }}"}, **SETTINGS) as app:
        assert [app.get("/").text for _ in range(3)] == ["x 1", "x 2", "x 3"]


def test_pages_of_problems_have_them(serve: Any) -> None:
    templates = {**TEMPLATES, "404.j2": "{{ shop | bold }}"}
    with serve([home], templates, **SETTINGS) as app:
        assert app.get("/nowhere").text == "<b>Pets &amp; Co</b>"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 1 | euro }}", "there is no filter 'euro'. Did you mean 'euros'?"),
        ("{{ 1 is cheep }}", "there is no test 'cheep'. Did you mean 'cheap'?"),
        ("{{ action() }}", "'action' is not defined. Did you mean 'actions'?"),
    ],
)
def test_the_check_at_start_up_knows_them(start: Any, template: str, said: str) -> None:
    with pytest.raises(ActionError) as raised:
        start([home], {**TEMPLATES, "home.j2": template}, **SETTINGS)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("helpers", "said"),
    [
        ("TemplateHelpers(filters={'upper': str})", "the filter 'upper', but templates have one"),
        ("TemplateHelpers(tests={'defined': str})", "the test 'defined', but templates have one"),
        ("TemplateHelpers(globals={'url_for': 1})", "the global 'url_for', but templates have one"),
        ("TemplateHelpers(globals={'model': 1})", "the global 'model', but templates have one"),
        ("TemplateHelpers(filters={'x': 1})", "the helper 'x' is 1, which cannot be called"),
        ("{'x': 1}", "returned 'x', where TemplateHelpers is expected"),
    ],
)
def test_helpers_that_cannot_be(start: Any, workplace: Any, helpers: str, said: str) -> None:
    workplace.write("other_helpers.py", MODULE.format(helpers))
    with pytest.raises(PluginError, match=r"^Plugin 'other_helpers'") as raised:
        start([home], TEMPLATES, plugin_modules=f"{__name__},other_helpers")
    assert said in str(raised.value)


def test_two_of_one_name_name_both_plugins(start: Any, workplace: Any) -> None:
    workplace.write("other_helpers.py", MODULE.format("TemplateHelpers(filters={'euros': str})"))
    with pytest.raises(ConfigurationError) as raised:
        start([home], TEMPLATES, plugin_modules=f"{__name__},other_helpers")
    said = f"the filter 'euros' twice: by the plugins 'other_helpers' and {__name__!r}."
    assert said in str(raised.value)


MODULE = """
from servey_core import hookimpl
from servey_web import TemplateHelpers

@hookimpl
def servey_template_helpers():
    return {}
"""


@pytest.mark.parametrize(
    ("template", "waits"),
    [
        ("{{ 1 | euros }}{{ 1 is cheap }}{{ actions() }}{{ 'x' | bold }}", False),
        ("{{ 'x' | slowly }}", True),
        ("{{ 'x' | later }}", True),
        ("{{ 'x' | wrapped }}", True),
        ("{{ wait('x') }}", True),
        ("{{ ['x'] | map('slowly') | join }}", True),
    ],
)
def test_a_template_waits_for_what_may_have_to(tmp_path: Path, template: str, waits: bool) -> None:
    folder = write_templates(tmp_path, {"x.j2": template})
    templates = Templates.of(start_with([home], templates=folder, **SETTINGS))
    assert templates.find("x.j2", {})().waits is waits
