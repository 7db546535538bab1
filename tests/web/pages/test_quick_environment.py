"""Pages are the same as by Jinja's own environment, though they take less time."""

import enum
from decimal import Decimal

import pytest
from jinja2 import DictLoader, FunctionLoader, TemplateNotFound
from markupsafe import Markup, escape

from servey_web.pages.quick_environment import QuickEnvironment, escaped


class Loud(str):
    __slots__ = ()

    def __html__(self):
        return "<b>loud</b>"


class Colour(enum.StrEnum):
    RED = "<red>"


class Count(int):
    def __str__(self):
        return "<many>"


class Odd:
    def __str__(self):
        return "<odd>"


VALUES = [
    "plain",
    "",
    "&",
    "<",
    ">",
    '"',
    "'",
    "<script>alert('x')</script> & \"more\"",
    "&amp;",
    "é\x00\U0001f4a9",
    7,
    -1,
    2.5,
    float("nan"),
    float("-inf"),
    10**30,
    True,
    None,
    Decimal("1.5"),
    Markup("<b>kept</b>"),
    Loud("x"),
    Colour.RED,
    Count(3),
    Odd(),
    ["<a>"],
    b"<a>",
]

IDS = [f"{number} {type(value).__name__}" for number, value in enumerate(VALUES)]

TEMPLATES = {
    "base": "<{% block content %}{% endblock %}>",
    "page": '{% extends "base" %}{% from "macros" import twice %}{% block content %}'
    "{{ value }}|{{ twice(value) }}|{% set kept %}{{ value }}{% endset %}{{ kept }}|"
    "{{ value ~ '<' }}|{{ value|e }}|{{ value|safe }}|{% filter upper %}{{ value }}{% endfilter %}|"
    "{% autoescape false %}{{ value }}{% endautoescape %}|{% call twice('&') %}{{ value }}"
    "{% endcall %}{% endblock %}",
    "macros": "{% macro twice(it) %}{{ it }}{{ it }}{{ caller() if caller }}{% endmacro %}",
}


@pytest.mark.parametrize("value", VALUES, ids=IDS)
def test_a_value_is_escaped_as_ever(value):
    assert escaped(value) == escape(value)


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("value", VALUES, ids=IDS)
def test_a_page_is_the_same_as_ever(value, waits):
    options = {
        "loader": DictLoader(TEMPLATES),
        "autoescape": True,
        "enable_async": waits,
        "auto_reload": False,
    }
    quick = QuickEnvironment(**options)
    usual = QuickEnvironment.__base__(**options)
    pages = {one.get_template("page").render(value=value) for one in (quick, usual, quick)}
    assert len(pages) == 1


def test_templates_are_loaded_anew_where_that_is_wanted():
    templates = {"base": "one", "page": '{% extends "base" %}'}
    loader = FunctionLoader(lambda name: (templates[name], None, lambda: False))
    for reload, shown in ((True, "two"), (False, "one")):
        templates["base"] = "one"
        environment = QuickEnvironment(loader=loader, auto_reload=reload)
        assert environment.get_template("page").render() == "one"
        templates["base"] = "two"
        assert environment.get_template("page").render() == shown


def test_a_template_that_is_not_there_is_none():
    environment = QuickEnvironment(loader=DictLoader({}), auto_reload=False)
    for _ in range(2):
        with pytest.raises(TemplateNotFound):
            environment.get_template("page")


def test_what_is_given_to_one_template_alone_is_its_own():
    environment = QuickEnvironment(loader=DictLoader({"page": "{{ it }}"}), auto_reload=False)
    assert environment.get_template("page").render() == ""
    assert environment.get_template("page", globals={"it": 7}).render() == "7"
    page = environment.get_template("page")
    assert environment.get_template(page) is page


@pytest.mark.parametrize("waits", [False, True])
def test_an_error_is_of_the_line_that_it_comes_from(waits):
    text = "{{ 1 }}\n{{ value }} and\n{{ 1 // value }}\n{{ value }}"
    environment = QuickEnvironment(loader=DictLoader({"page": text}), enable_async=waits)
    with pytest.raises(ZeroDivisionError) as told:
        environment.get_template("page").render(value=0)
    assert told.traceback[-1].lineno + 1 == 3
