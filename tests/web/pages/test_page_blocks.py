"""Parts of pages, for htmx."""

from dataclasses import dataclass
from typing import Any

import pytest
from asking import BROWSER, Elements, token_in

from servey_core import ALLOW_AUTHENTICATED, TtlCacheControl, WebPageTrigger, action


@dataclass
class Pets:
    names: list[str]

    async def count(self) -> int:
        return len(self.names)


@action(triggers=WebPageTrigger("/pets", template="pets.j2", block="listed"))
async def pets(start: str = "") -> Pets:
    return Pets([name for name in ("Rex", "Tom") if name.startswith(start)])


@action(triggers=WebPageTrigger("/counted", template="counted.j2", block="listed"))
async def counted() -> Pets:
    return Pets(["Rex"])


@action(
    triggers=WebPageTrigger("/kept", template="pets.j2", block="title"),
    cache_control=TtlCacheControl(60),
)
async def kept() -> Pets:
    return Pets([])


@action(triggers=WebPageTrigger("/add", method="POST", template="add.j2", block="form"))
async def add(age: int) -> int:
    return age


@action(
    triggers=WebPageTrigger("/guarded", template="pets.j2", block="listed"),
    access_control=ALLOW_AUTHENTICATED,
)
async def guarded() -> Pets:
    return Pets([])


@action(
    triggers=[
        WebPageTrigger("/asked", template="asked.j2"),
        WebPageTrigger("/unasked", template="base.j2"),
    ],
    cache_control=TtlCacheControl(60),
)
async def asked() -> str:
    return ""


ACTIONS = [pets, counted, kept, add, guarded, asked]
TEMPLATES = {
    "base.j2": "<title>{% block title %}Pets{% endblock %}</title>"
    "{% block content %}{% block listed %}nothing{% endblock %}{% endblock %}<footer></footer>",
    "pets.j2": "{% extends 'base.j2' %}{% set dot = '*' %}{% import 'macros.j2' as m %}"
    "{% block content %}<h1>All</h1>{% block listed %}"
    "{% for name in model.names %}{{ m.one(dot, name) }}{% else %}{{ super() }}{% endfor %}"
    "{% endblock %}<p>end</p>{% endblock %}",
    "asked.j2": "{{ 'part' if page.htmx else 'whole' }}",
    "macros.j2": "{% macro one(dot, name) %}<li>{{ dot }}{{ name }}</li>{% endmacro %}",
    "counted.j2": "{% extends 'base.j2' %}{% block listed %}{{ model.count() }}{{ super() }}"
    "{% endblock %}",
    "add.j2": "<html>{% block form %}<form method='post'>{{ csrf_field() }}"
    "<input name='age' value='{{ form.value(\"age\") }}'>{{ form.errors.age | join }}"
    "</form>{{ model }}"
    "{% endblock %}</html>",
}
HTMX = {"HX-Request": "true"}


def test_htmx_is_given_the_block_alone(app: Any) -> None:
    assert app.get("/pets", **HTMX).text == "<li>*Rex</li><li>*Tom</li>"
    assert app.get("/pets?start=R", **HTMX).text == "<li>*Rex</li>"
    assert app.get("/pets?start=X", **HTMX).text == "nothing"
    assert app.get("/counted", **HTMX).text == "1nothing"


@pytest.mark.parametrize(
    "headers", [{}, {**HTMX, "HX-Boosted": "true"}, {**HTMX, "HX-History-Restore-Request": "true"}]
)
def test_who_asks_for_the_page_is_given_the_page(app: Any, headers: dict[str, str]) -> None:
    assert app.get("/pets?start=R", **headers).text == (
        "<title>Pets</title><h1>All</h1><li>*Rex</li><p>end</p><footer></footer>"
    )


APART = "hx-request, hx-boosted, hx-history-restore-request"


def test_caches_keep_both_apart(app: Any) -> None:
    assert app.get("/pets").headers["vary"] == APART
    assert app.get("/kept", **HTMX).headers["vary"] == APART
    assert app.get("/kept", **HTMX).text == "Pets"


def test_caches_keep_apart_what_a_template_makes_of_it(app: Any) -> None:
    for headers, text in (({}, "whole"), (HTMX, "part")):
        answer = app.get("/asked", **headers)
        assert (answer.text, answer.headers["vary"]) == (text, APART)
    assert "vary" not in app.get("/unasked").headers


def test_a_form_that_is_refused_is_the_block_again(app: Any) -> None:
    token = {"csrf_token": token_in(app.get("/add").text)}
    answer = app.client.post("/add", data={**token, "age": "x"}, headers={**BROWSER, **HTMX})
    assert answer.status_code == 422
    assert answer.text.startswith("<form")
    assert Elements(answer.text).value_of("age") == "x"
    answer = app.client.post("/add", data={**token, "age": "7"}, headers={**BROWSER, **HTMX})
    assert answer.text.endswith("</form>7")


def test_htmx_is_told_where_to_log_in_rather_than_given_that_page(app: Any) -> None:
    answer = app.get("/guarded", **HTMX)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/login")
