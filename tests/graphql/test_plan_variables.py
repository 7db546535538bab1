"""Variables and the arguments that they give, which a plan has as graphql-core has them."""

import asyncio
from itertools import product

import pytest
from graphql import ExecutionResult, build_schema, execute, parse, validate

from servey_graphql.plans import compile_plan
from servey_graphql.resolvers import ActionField

SCHEMA = build_schema("""
scalar JSON
enum Size { BIG SMALL }
input Kind { breed: String! sizes: [Size!] = [BIG] }
type Query {
  echo(text: String, number: Int, flag: Boolean): String
  sure(text: String!, number: Int! = 3): String
  more(rate: Float, id: ID, size: Size, kind: Kind, list: [Int!]): String
  any(json: JSON): String
}
""")
SCHEMA.query_type.fields["echo"].args["text"].out_name = "other"
for field in SCHEMA.query_type.fields.values():
    field.resolve = ActionField(None, lambda parent, arguments, context: repr(arguments))

LEFT_OUT = object()
VALUES = [
    LEFT_OUT,
    None,
    "a",
    "BIG",
    True,
    0,
    -(2**31),
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    1.0,
    1.5,
    [1],
    ["a"],
    {"breed": "pug"},
    {"breed": 1},
]
DOCUMENTS = [
    "query ($v: String) { echo(text: $v, number: 1, flag: true) }",
    "query ($v: Int) { echo(number: $v) }",
    "query ($v: Boolean = true) { echo(flag: $v) }",
    "query ($v: Boolean!) { echo @include(if: $v) }",
    "query ($v: String!) { sure(text: $v) }",
    'query ($v: String = "b") { sure(text: $v) }',
    'query ($v: Int) { sure(text: "c", number: $v) }',
    'query ($v: Int!) { sure(text: "c", number: $v) a: sure(number: $v, text: "d") }',
    "query ($v: Float) { more(rate: $v) }",
    "query ($v: ID) { more(id: $v) }",
    "query ($v: Size) { more(size: $v) }",
    "query ($v: Kind) { more(kind: $v) }",
    "query ($v: [Int!]) { more(list: $v) }",
    "query ($v: Int!) { more(list: [$v, 2]) }",
    "query ($v: JSON) { any(json: $v) }",
    "query ($v: Int) { any(json: {inner: [$v]}) }",
    "query ($v: String, $w: Int, $x: Boolean) { echo(text: $v, number: $w, flag: $x) }",
]


def told(result: ExecutionResult) -> object:
    errors = result.errors or []
    return result.data, [(error.message, error.locations, error.path) for error in errors]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_variables_come_as_graphql_core_has_them(text: str) -> None:
    document = parse(text)
    assert not validate(SCHEMA, document)
    plan = compile_plan(SCHEMA, document)
    assert plan is not None
    for value, number in product(VALUES, (1, None)):
        given = {"v": value, "w": number, "x": True}
        given = {name: one for name, one in given.items() if one is not LEFT_OUT}
        data, errors = asyncio.run(plan.execute(given, "context"))
        expected = execute(SCHEMA, document, variable_values=given, context_value="context")
        assert told(ExecutionResult(data, errors or None)) == told(expected)
