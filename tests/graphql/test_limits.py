"""How much a document may ask for."""

from dataclasses import dataclass
from typing import Any

import pytest
from graphql import get_introspection_query

from servey_core import WEB_GET, action


@dataclass
class Leaf:
    name: str

    @action
    async def next_leaf(self) -> "Leaf":
        return Leaf(f"{self.name}'")


@dataclass
class Tree:
    name: str
    leaves: list[Leaf]


@action(triggers=WEB_GET)
async def leaf() -> Leaf:
    return Leaf("a")


@action(triggers=WEB_GET)
async def trees(first: int = 2) -> list[Tree]:
    return [Tree("t", [Leaf("a")]) for _ in range(min(first, 3))]


@action(triggers=WEB_GET)
async def branches(first: int = 1, limit: int | None = 2000) -> list[Leaf]:
    return [Leaf("a")]


ACTIONS = [leaf, trees, branches]
SETTINGS = {
    "graphql_max_document": 2000,
    "graphql_max_tokens": 500,
    "graphql_max_depth": 6,
    "graphql_max_fields": 100,
    "graphql_max_aliases": 5,
    "graphql_max_root_fields": 8,
    "graphql_max_directives": 4,
    "graphql_max_spreads": 20,
    "graphql_max_cost": 1000,
    "graphql_list_size": 5,
}


def nested(depth: int) -> str:
    """Fields in one another, `depth` of them."""
    return "{ leaf " + "{ nextLeaf " * (depth - 2) + "{ name }" + " }" * (depth - 1)


def chained(fragments: int) -> str:
    """Fragments each of which spreads the next one twice."""
    links = [f"fragment F{n} on Leaf {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments - 1)]
    last = f"fragment F{fragments - 1} on Leaf {{ name }}"
    return " ".join(["{ leaf { ...F0 } }", *links, last])


def spread(times: int) -> str:
    """A fragment that is spread so often."""
    return "{ leaf { " + "...A " * times + "} } fragment A on Leaf { name }"


WITHIN = {
    "length": "{ leaf { name } }" + " " * 1900,
    "depth": nested(6),
    "depth through fragments": "{ leaf { ...A } } fragment A on Leaf { nextLeaf { name } }",
    "fields": "{ leaf { " + "name " * 99 + "} }",
    "fields through fragments": chained(7),
    "aliases": "{ leaf { " + " ".join(f"a{n}: name" for n in range(5)) + " } }",
    "root fields": "{ " + "leaf { name } " * 8 + "}",
    "directives": "{ leaf { " + "name @skip(if: false) " * 4 + "} }",
    "spreads": spread(20),
    "cost by a number": "{ trees(first: 99) { leaves { name } name } }",
    "cost by a default of the schema": "{ trees { leaves { name } } }",
}
BEYOND = {
    "length": ("{ leaf { name } }" + " " * 2000, "more than|longer than 2000"),
    "depth": (nested(7), "more than 6 levels"),
    "depth through fragments": (
        "{ leaf { nextLeaf { nextLeaf { ...A } } } } fragment A on Leaf "
        + "{ nextLeaf " * 3
        + "{ name }"
        + " }" * 3,
        "more than 6 levels",
    ),
    "depth through inline fragments": (
        nested(7).replace("{ nextLeaf", "{ ... { nextLeaf", 1) + "}",
        "more than 6 levels",
    ),
    "fields": ("{ leaf { " + "name " * 100 + "} }", "more than 100 fields"),
    "fields through fragments": (chained(8), "more than 100 fields"),
    "aliases": (
        "{ leaf { " + " ".join(f"a{n}: name" for n in range(6)) + " } }",
        "more than 5 aliases",
    ),
    "aliases of one field": (
        "{ " + " ".join(f"a{n}: leaf {{ name }}" for n in range(6)) + " }",
        "more than 5 aliases",
    ),
    "root fields": ("{ " + "leaf { name } " * 9 + "}", "more than 8 fields at its root"),
    "root fields through fragments": (
        "{ ...A ...A ...A } fragment A on Query { " + "leaf { name } " * 3 + "}",
        "more than 8 fields at its root",
    ),
    "directives": ("{ leaf { " + "name @skip(if: false) " * 5 + "} }", "more than 4 directives"),
    "spreads": (spread(21), "more than 20 spreads"),
    "cost by a number": ("{ trees(first: 200) { leaves { name } name } }", "more than 1000 values"),
    "cost of a huge number": (
        "{ trees(first: 2000000000) { name } }",
        "more than 1000 values",
    ),
}


@pytest.mark.parametrize("name", WITHIN)
def test_what_is_within_the_limits_runs(app: Any, name: str) -> None:
    app.data(WITHIN[name])


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_a_limit_is_refused(app: Any, name: str) -> None:
    query, message = BEYOND[name]
    answered = app.ask(query)
    assert answered.status_code == 400
    [error] = answered.json()["errors"]
    assert error["extensions"]["type"] == "urn:servey:problem:document-too-complex"
    assert error["extensions"]["limit"] in SETTINGS.values()
    assert any(part in error["message"] for part in message.split("|")), error["message"]


def test_tokens_are_counted_while_parsing(app: Any) -> None:
    answered = app.ask("{ leaf { " + "n " * 600)
    assert answered.status_code == 400
    assert "500 tokens" in answered.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("declared", "variables", "allowed"),
    [
        ("$n: Int", {"n": 2}, True),
        ("$n: Int", {"n": 900}, False),
        ("$n: Int", {"n": -5}, True),
        ("$n: Int", {"n": None}, True),
        ("$n: Int", {}, True),
        ("$n: Int = 900", {}, False),
        ("$n: Int = 900", {"n": 2}, True),
    ],
)
def test_a_list_costs_what_a_variable_says(
    app: Any, declared: str, variables: dict[str, Any], allowed: bool
) -> None:
    query = f"query ({declared}) {{ trees(first: $n) {{ leaves {{ name }} name }} }}"
    answered = app.ask(query, variables)
    message = json_message(answered)
    assert ("more than 1000 values" in message) is not allowed, answered.text


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($n: Int!) { trees(first: $n) { name } }", {"n": 2000.0}),
        ("query ($n: Int) { branches(limit: $n) { name } }", {}),
        ("query ($n: Int) { branches(limit: $n) { name } }", {"n": None}),
        ("{ branches(limit: null) { name } }", {}),
        ("{ branches(limit: -1) { name } }", {}),
        ("{ branches(first: 1, limit: 2000) { name } }", {}),
        ("query ($n: Int!) { branches(limit: 1, first: $n) { name } }", {"n": 2000}),
    ],
)
def test_a_list_costs_what_it_may_have_however_that_is_said(
    app: Any, query: str, variables: dict[str, Any]
) -> None:
    assert "more than 1000 values" in json_message(app.ask(query, variables))


def json_message(answered: Any) -> str:
    errors = answered.json().get("errors", [])
    return str(errors[0]["message"]) if errors else ""


def test_a_fragment_in_itself_is_refused(app: Any) -> None:
    for query in (
        "{ leaf { ...A } } fragment A on Leaf { ...A }",
        "{ leaf { ...A } } fragment A on Leaf { nextLeaf { ...B } } fragment B on Leaf { ...A }",
        "{ leaf { name } } fragment A on Leaf { ...A }",
    ):
        answered = app.ask(query)
        assert answered.status_code == 400
        assert "is in itself" in answered.json()["errors"][0]["message"]


def test_every_operation_of_a_document_is_held_to_the_limits(app: Any) -> None:
    query = f"query A {{ leaf {{ name }} }} query B {nested(7)}"
    assert app.ask(query, operationName="A").status_code == 400


def test_limits_can_be_lifted(serve: Any) -> None:
    unlimited = {name: 0 for name in SETTINGS if name != "graphql_list_size"}
    with serve(ACTIONS, **unlimited) as free:
        for query, _ in BEYOND.values():
            free.data(query)


def test_introspection_is_within_the_usual_limits(serve: Any) -> None:
    from graphql import get_introspection_query

    with serve(ACTIONS) as usual:
        assert usual.data(get_introspection_query())["__schema"]["queryType"]["name"] == "Query"


def test_what_tools_ask_of_the_schema_is_within_the_limits(serve: Any) -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    with serve(ACTIONS) as app:
        assert app.data(query)["__schema"]["queryType"]["name"] == "Query"
