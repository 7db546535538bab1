"""Templates: loaded anew in development, compiled once, and strict where somebody looks."""

import asyncio
import functools
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from serving import start_with

from servey_core import WebPageTrigger, action
from servey_web.pages.failures import TemplateFailed
from servey_web.pages.forms import Form
from servey_web.pages.functions import set_request
from servey_web.pages.templates import Templates
from servey_web.pages.values import PageInfo

PRODUCTION = {"env": "production", "jwt_secret_key": "k" * 64}


@action(triggers=WebPageTrigger("/"))
async def home() -> dict[str, str]:
    return {"name": "Rex"}


def change(file: Path, text: str) -> None:
    """Write a file so that its time is another."""
    file.write_text(text)
    later = time.time() + 5
    os.utime(file, (later, later))


def test_development_loads_what_has_changed(serve: Any, tmp_path: Path) -> None:
    templates = {"home.j2": "{% extends 'base.j2' %}", "base.j2": "one"}
    with serve([home], templates) as app:
        assert app.get("/").text == "one"
        change(tmp_path / "templates" / "base.j2", "two {{ url_for('home') }}")
        assert app.get("/").text == "two /"
        change(tmp_path / "templates" / "home.j2", "three")
        assert app.get("/").text == "three"


def test_development_says_what_is_wrong_with_what_has_changed(
    serve: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve([home], {"home.j2": "one"}) as app:
        change(tmp_path / "templates" / "home.j2", "two\n{{ nothing }}")
        with caplog.at_level(logging.ERROR):
            answer = app.get("/")
        assert answer.status_code == 500
        assert "home.j2:2): &#39;nothing&#39; is not defined." in answer.text
        change(tmp_path / "templates" / "home.j2", "three")
        assert app.get("/").text == "three"


def test_production_does_not(serve: Any, tmp_path: Path) -> None:
    with serve([home], {"home.j2": "one"}, **PRODUCTION) as app:
        change(tmp_path / "templates" / "home.j2", "two")
        assert app.get("/").text == "one"


def test_development_is_strict_about_what_is_not_there(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    templates = {"home.j2": "{{ model.name }}\n{{ model.nmae }}"}
    with serve([home], templates) as app:
        with caplog.at_level(logging.ERROR):
            answer = app.get("/")
        assert answer.status_code == 500
        assert "home.j2:2): UndefinedError" in caplog.text
    with serve([home], templates, **PRODUCTION) as app:
        assert app.get("/").text == "Rex\n"


def test_every_template_escapes(serve: Any) -> None:
    @action(triggers=[WebPageTrigger(f"/{n}", template=f"a.{n}") for n in ("j2", "html", "txt")])
    async def escaped() -> str:
        return "<b>"

    templates = {f"a.{kind}": "{{ model }}{{ model ~ '<' }}" for kind in ("j2", "html", "txt")}
    with serve([escaped], templates) as app:
        for kind in ("j2", "html", "txt"):
            assert app.get(f"/{kind}").text == "&lt;b&gt;&lt;b&gt;&lt;"


def test_what_actions_return_is_json_for_a_script(serve: Any) -> None:
    @dataclass
    class Dated:
        name: str
        at: datetime

    @action(triggers=WebPageTrigger("/", template="data.j2"))
    async def data() -> list[Dated]:
        return [Dated("</script>", datetime(2026, 1, 2, tzinfo=UTC))]

    with serve([data], {"data.j2": "{{ model | tojson }}"}) as app:
        text = app.get("/").text
    assert text == '[{"at": "2026-01-02T00:00:00Z", "name": "\\u003c/script\\u003e"}]'


def test_what_is_compiled_is_kept_beside_the_templates(tmp_path: Path) -> None:
    (tmp_path / "home.j2").write_text("{{ model.name }}")
    code = (
        "import sys, jinja2.environment as e; from pathlib import Path\n"
        "compiled = []\n"
        "e.Environment._compile = lambda self, source, filename, real=e.Environment._compile: ("
        "compiled.append(filename), real(self, source, filename))[1]\n"
        "from servey_core import action, WebPageTrigger, start, action_of\n"
        "from servey_web import create_app\n"
        "@action(triggers=WebPageTrigger('/'))\nasync def home() -> None: pass\n"
        "create_app(start(actions=[action_of(home)], given={'env': 'production',"
        f" 'jwt_secret_key': 'k' * 64, 'templates': {str(tmp_path)!r}}}))\n"
        "print([one for one in compiled if one.endswith('home.j2')])\n"
    )

    def compiled() -> str:
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    assert "home.j2" in compiled()
    kept = list((tmp_path / "__pycache__").iterdir())
    assert [one.suffix for one in kept] == [".jinja"]
    assert compiled() == "[]"
    change(tmp_path / "home.j2", "{{ model }}")
    assert "home.j2" in compiled()


def test_where_nothing_can_be_written_nothing_is_kept(start: Any, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "__pycache__").write_text("a file, where a folder would be")
    start([home], {"home.j2": "x"})


def test_templates_by_themselves(tmp_path: Path) -> None:
    (tmp_path / "one.j2").write_text("{{ a }}{% block b %}{{ c() }}{% endblock %}")
    templates = Templates.of(start_with([], templates=tmp_path))
    assert templates.has("one.j2")
    assert templates.has("problem.j2")
    assert not templates.has("two.j2")

    async def wait() -> str:
        await asyncio.sleep(0)
        return "<later>"

    async def render() -> None:
        values = {"a": "<", "c": wait}
        assert await templates.render("one.j2", values) == "&lt;&lt;later&gt;"
        assert await templates.render("one.j2", values, block="b") == "&lt;later&gt;"
        with pytest.raises(TemplateFailed, match=r"'two\.j2': it is not there\. Did you mean"):
            await templates.render("two.j2", {})

    asyncio.run(render())


def traced(method: Any) -> Any:
    """Decorate any method by a function that is no coroutine function itself."""

    @functools.wraps(method)
    def call(*arguments: Any) -> Any:
        return method(*arguments)

    return call


@dataclass
class Part:
    names: list[str]
    sizes: dict[str, int]
    made: datetime
    several: tuple[int, ...] = ()
    maybe: list[str] | None = None
    anything: Any = None

    def plain(self) -> list[str]:
        return self.names

    async def later(self) -> list[str]:
        return self.names

    @traced
    async def traced(self) -> str:
        return "x"

    async def one_by_one(self) -> AsyncIterator[str]:
        yield "x"

    def any_kind(self) -> Any:
        return self.names

    def untold(self):  # type: ignore[no-untyped-def]
        return self.names


@pytest.mark.parametrize(
    ("template", "waits"),
    [
        ("{{ model.names }}{{ model.made.strftime('%Y') }}{{ 'x'.upper() }}", False),
        ("{% for one in model.names %}{{ loop.cycle('a', 'b') }}{% endfor %}", False),
        ("{% for key, one in model.sizes.items() %}{{ key }}{% endfor %}", False),
        ("{% for one in model.several %}{% endfor %}{{ model.maybe | join }}", False),
        ("{% for one in model.plain() | sort %}{% endfor %}", False),
        ("{% for one in range(3) %}{% endfor %}{{ url_for('home') }}{{ csrf_field() }}", False),
        ("{% macro a() %}{{ caller() }}{% endmacro %}{% call a() %}{% endcall %}", False),
        ("{{ form.value('a') }}{{ form.errors.a | join }}{{ page.query.a }}", False),
        ("{% for error in form.all_errors %}{{ error.detail }}{% endfor %}", False),
        ("{{ model.later() }}", True),
        ("{{ model.traced() }}", True),
        ("{% for one in model.one_by_one() %}{% endfor %}", True),
        ("{{ model.untold() }}", True),
        ("{{ model.any_kind() }}", True),
        ("{% for one in model.anything %}{% endfor %}", True),
        ("{{ model.anything | join }}", True),
        ("{{ model.anything() }}", True),
        ("{% include page.path %}", True),
        ("{% macro a(model) %}{{ model.plain() }}{% endmacro %}{{ a(1) }}", True),
    ],
)
def test_what_may_have_to_wait(tmp_path: Path, template: str, waits: bool) -> None:
    (tmp_path / "x.j2").write_text(template)
    templates = Templates.of(start_with([home], templates=tmp_path))
    types = {"model": Part, "form": Form, "page": PageInfo}
    typed = templates.find("x.j2", types)()
    assert typed.waits is waits
    if waits:
        return
    # Where nothing is known of the types, the same page is made, perhaps by waiting.
    untyped = templates.find("x.j2", dict.fromkeys(types, Any))()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "headers": [],
        "query_string": b"a=%3Cb%3E",
        "scheme": "http",
        "root_path": "",
    }
    model = Part(["b", "<a>"], {"x&": 1}, datetime(2026, 1, 2, tzinfo=UTC), (1, 2), ["'"])

    async def render(template: Any) -> str:
        set_request(scope)
        return str(await template.render({"model": model, "form": Form(), "page": PageInfo(scope)}))

    texts = [asyncio.run(render(one)) for one in (typed, untyped)]
    if "csrf_field" not in template:
        assert texts[0] == texts[1]


def test_pages_that_wait_do_not_mix_their_requests_up(serve: Any) -> None:
    @action(triggers=WebPageTrigger("/{name}", template="slow.j2"))
    async def slow(name: str) -> Any:
        async def wait() -> str:
            await asyncio.sleep(0.05)
            return ""

        return {"wait": wait}

    template = "{{ page.path }}{{ model.wait() }}{{ csrf_token() and page.path }}"
    with serve([slow], {"slow.j2": template}) as app, ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda n: app.get(f"/{n}").text, range(32)))
    assert texts == [f"/{n}/{n}" for n in range(32)]
