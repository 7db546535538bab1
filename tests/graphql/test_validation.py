"""Documents are found valid, or wrong, as graphql-core's own `validate` finds them."""

from itertools import combinations, product
from typing import Any

import pytest
from graphql import (
    ASTValidationRule,
    GraphQLError,
    Node,
    NoSchemaIntrospectionCustomRule,
    build_schema,
    parse,
    specified_rules,
    validate,
)

from servey_graphql.plans import compile_plan
from servey_graphql.serving.documents import MAX_ERRORS, Documents
from servey_graphql.serving.problems import InvalidDocument
from servey_graphql.serving.quick_rules import quick_rule
from servey_graphql.settings import GraphqlSettings

SDL = """
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @stream(if: Boolean! = true, label: String, initialCount: Int = 0) on FIELD
type Query { dog(name: String, of: Kind): Dog dogs(first: Int!): [Dog!] found: Found sure: Dog! }
type Mutation { adopt(name: String!): Dog }
type Subscription { barks: String naps: String }
type Dog { name: String barks(times: Int): Int friends: [Dog!] }
type Cat { name: String meows: Boolean }
union Found = Dog | Cat
input Kind { breed: String! age: Int }
"""

QUERIES_ALONE = SDL.replace("type Mutation { adopt(name: String!): Dog }", "")
SCHEMAS = [build_schema(SDL), build_schema(QUERIES_ALONE)]

VALID = [
    "{ dog { name } }",
    'query A($n: String = "a") { dog(name: $n) { ...F } } fragment F on Dog { name barks }',
    "{ found { __typename ... on Dog { name } ... on Cat { meows } } }",
    'mutation { adopt(name: "Al") { name } }',
    "subscription { barks }",
    '{ dog(of: {breed: "pug", age: 3}) { friends { name @include(if: true) } } }',
    "{ dog { ... @defer { name } friends @stream { name } } }",
]
INVALID = [
    "{ dog { name } } type Extra { name: String }",
    "query A { __typename } query A { __typename }",
    "{ __typename } { __typename }",
    "subscription { barks naps }",
    "{ dog { ... on Nothing { name } } }",
    "{ ...F } fragment F on Kind { breed }",
    "query ($d: Dog) { dog { name } }",
    "{ dog }",
    "{ dog { name { first } } }",
    "{ dog { nam } }",
    "{ dog { ...F } } fragment F on Dog { name } fragment F on Dog { barks }",
    "{ dog { ...Missing } }",
    "{ dog { name } } fragment F on Dog { name }",
    "{ dog { ... on Cat { meows } } }",
    "{ dog { ...F } } fragment F on Dog { friends { ...F } }",
    "query ($n: String, $n: String) { dog(name: $n) { name } }",
    "{ dog(name: $n) { name } }",
    "query ($n: String) { dog { name } }",
    "{ dog @nothing { name } }",
    "{ dog @skip(if: true) @skip(if: false) { name } }",
    'mutation { ... @defer { adopt(name: "a") { name } } }',
    "subscription { ... @defer { barks } }",
    '{ dog { ... @defer(label: "a") { name } friends @stream(label: "a") { name } } }',
    "{ dog @stream { name } }",
    "{ dog(nam: 1) { name @skip(unless: true) } }",
    '{ dog(name: "a", name: "b") { name } }',
    '{ dog(name: 1, of: {age: "x"}) { name barks(times: 1.5) } }',
    "{ dogs { name } }",
    "query ($n: Int) { dogs(first: $n) { name } dog(name: $n) { name } }",
    '{ dog { name } dog(name: "a") { name: barks } }',
    '{ dog(of: {breed: "a", breed: "b"}) { name } }',
    "{ " + " ".join(f"missing{number}" for number in range(12)) + " }",
]
INTROSPECTING = [
    "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    '{ __type(name: "Dog") { name fields { name } } }',
    "{ s: __schema { queryType { name } } __typename nothing }",
    "fragment F on __Type { name } { dog { __typename ... on __Schema { types { name } } } }",
    "{ dog { __type } }",
    '{ dog(name: "__schema") { __typename } }',
]
DEEP = "{ __schema { types { " + "fields { type { " * 4 + "name" + " }}" * 4 + " } } }"
ALL = [*VALID, *INVALID, *INTROSPECTING, DEEP]


def told(errors: list[GraphQLError]) -> list[Any]:
    """What errors say, and where."""
    return [(error.message, error.locations, error.path) for error in errors]


@pytest.mark.parametrize("rule", specified_rules, ids=lambda rule: rule.__name__)
def test_a_quick_rule_finds_what_the_rule_finds(rule: type[ASTValidationRule]) -> None:
    found = []
    for schema, text in product(SCHEMAS, ALL):
        document = parse(text)
        expected = told(validate(schema, document, [rule]))
        assert told(validate(schema, document, [quick_rule(rule)])) == expected
        found += expected
    assert found, "there is no document that it finds wrong"


def test_quick_rules_find_together_what_the_rules_find() -> None:
    quick = [quick_rule(rule) for rule in specified_rules]
    for one, other in combinations(ALL, 2):
        document = parse(f"{one} {other}")
        assert told(validate(SCHEMAS[0], document, quick)) == told(validate(SCHEMAS[0], document))


class EveryNode(ASTValidationRule):
    """A rule that looks at every node."""

    def enter(self, node: Node, *_: Any) -> None:
        self.report_error(GraphQLError(node.kind, node))


def test_a_rule_for_all_nodes_stays() -> None:
    assert quick_rule(EveryNode) is EveryNode


@pytest.mark.parametrize("introspection", [True, False])
@pytest.mark.parametrize("text", ALL)
def test_documents_are_refused_for_what_graphql_core_finds(text: str, introspection: bool) -> None:
    settings = GraphqlSettings(graphql_introspection=introspection)
    documents = Documents(SCHEMAS[0], settings, compile_plan, development=True)
    rules = [*specified_rules, *([] if introspection else [NoSchemaIntrospectionCustomRule])]
    expected = validate(SCHEMAS[0], parse(text), rules, MAX_ERRORS)
    if not expected:
        assert documents.get(text).node == parse(text)
        return
    with pytest.raises(InvalidDocument) as refused:
        documents.get(text)
    assert told(refused.value.found) == told(expected) or "is in itself" in str(refused.value)
