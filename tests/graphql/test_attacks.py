"""Attacks on GraphQL: each is refused soon, tells nothing, and harms nobody else."""

import json
import logging
import re
import time
from dataclasses import dataclass
from typing import Any

import pytest

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    ScopeAccessControl,
    WebTrigger,
    action,
)

CANARY = "canary-7f3a9c-canary-7f3a9c-canary"
SETTINGS = {"env": "production", "jwt_secret_key": CANARY, "drain_seconds": 0}
LEAK = re.compile(
    r"Traceback|\.py\b|site-packages|<class|object at|servey_|pydantic|starlette|ariadne"
    r"|graphql-core|GraphQL[A-Z]|uvicorn|jiter|canary"
)
RESPONSE = "application/graphql-response+json"
SOON = 1.0
"""How much of a processor the refusal of an attack may take, in seconds, however busy that is."""

written: list[str] = []


@dataclass
class Node:
    name: str

    @action
    async def next_node(self) -> "Node":
        return Node(self.name)

    @action(access_control=ScopeAccessControl("secrets"))
    async def secret(self) -> str:
        return CANARY

    @action
    async def broken(self) -> str:
        raise RuntimeError(CANARY)


@dataclass
class Leaf:
    name: str


@action(triggers=WEB_GET)
async def node(name: str = "a") -> Node:
    return Node(name)


@action(triggers=WEB_GET)
async def nodes() -> list[Node]:
    return [Node("a"), Node("b")]


@action(triggers=WEB_GET)
async def echo(text: str = "", number: int = 0, ratio: float = 0.0, flag: bool = False) -> str:
    return text or f"{number} {ratio} {flag}"


@action(triggers=WEB_GET)
async def wrong() -> int:
    return CANARY  # type: ignore[return-value]


@action(triggers=WEB_GET)
async def stranger() -> Node:
    return {"name": CANARY}  # type: ignore[return-value]


@action(triggers=WEB_GET)
async def strangers() -> list[Node | Leaf]:
    return [Node("a"), [CANARY]]  # type: ignore[list-item]


@action(triggers=WEB_POST)
async def write(text: str) -> str:
    written.append(text)
    return text


@action(triggers=WebTrigger("GET"), access_control=ALLOW_AUTHENTICATED)
async def guarded() -> Node:
    return Node("in")


@action
async def internal() -> str:
    return CANARY


ACTIONS = [node, nodes, echo, wrong, stranger, strangers, write, guarded, internal]


@pytest.mark.parametrize("query", ["{ stranger { name } }", "{ strangers { __typename } }"])
def test_a_result_of_another_type_is_the_authors_fault_and_not_told(
    app: Any, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "servey.graphql"):
        answered = app.ask(query)
    [error] = answered.json()["errors"]
    assert error["message"] == "Internal error"
    assert error["extensions"]["status"] == 500
    assert not LEAK.search(answered.text)
    [record] = caplog.records
    assert record.exc_info is not None


def overlapping(number: int) -> str:
    return "{ node " + "{ nextNode " * 3 + "{ " + "name " * number + "}" + " }" * 4


DOCUMENTS = {
    "10 000 aliases": "{ " + " ".join(f"a{n}: echo" for n in range(10_000)) + " }",
    "1000 aliases": "{ node { " + " ".join(f"a{n}: name" for n in range(1000)) + " } }",
    "150 deep": "{ node " + "{ nextNode " * 150 + "{ name }" + " }" * 151,
    "10 000 deep": "{ node " + "{ nextNode " * 3000 + "{ name }" + " }" * 3001,
    "50 000 fields": "{ node { " + "name " * 50_000 + "} }",
    "10 000 fields": "{ node { " + "name " * 9000 + "} }",
    "3000 directives": "{ echo " + "@skip(if: false) " * 3000 + "}",
    "1000 unknown directives": "{ echo " + "@a" * 1000 + " }",
    "3000 fields that overlap": overlapping(3000),
    "2200 fields that overlap": overlapping(2200),
    "overlapping through fragments": "{ node { ...A ...B } } "
    "fragment A on Node { nextNode { ...A2 } } fragment A2 on Node { " + "name " * 1100 + "} "
    "fragment B on Node { nextNode { ...B2 } } fragment B2 on Node { " + "name " * 1100 + "}",
    "a fragment in itself": "{ node { ...A } } fragment A on Node { name ...A }",
    "two fragments in one another": "{ node { ...A } } fragment A on Node { ...B } "
    "fragment B on Node { ...A }",
    "fragments that double": "{ node { ...F0 } } "
    + " ".join(f"fragment F{n} on Node {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    + " fragment F60 on Node { name }",
    "a chain of 400 fragments": "{ node { ...F0 } } "
    + " ".join(f"fragment F{n} on Node {{ nextNode {{ ...F{n + 1} }} }}" for n in range(400))
    + " fragment F400 on Node { name }",
    "lists in lists": "{ echo(text: " + "[" * 2000,
    "objects in objects": "{ echo(text: " + "{a:" * 1200,
    "500 operations": " ".join(f"query Q{n} {{ echo }}" for n in range(500)),
    "500 variables": "query (" + " ".join(f"$v{n}: Int" for n in range(500)) + ") { echo }",
    "a name of 40 000 letters": "{ " + "a" * 40_000 + " }",
    "a string of 40 000 letters": '{ echo(number: "' + "a" * 40_000 + '") }',
    "an integer of 40 000 digits": "{ echo(number: " + "1" * 40_000 + ") }",
    "an integer of 33 bits": "{ echo(number: 4294967296) }",
    "a text for an int": '{ echo(number: "5") }',
    "an unknown argument": "{ echo(texts: 1) }",
    "a mutation among queries": 'query { write(text: "x") }',
    "a subscription": "subscription { echo }",
    "the schema": "{ __schema { types { name } } }",
    "a type": '{ __type(name: "Query") { fields { name } } }',
    "the schema behind a fragment": "{ ...A } fragment A on Query { __schema { types { name } } }",
    "a schema definition": "type A { a: Int }",
    "an extension": "extend type Query { a: Int } { echo }",
    "an action without a trigger": "{ internal }",
    "a dunder": "{ __class__ }",
    "comments": "#" * 60_000,
    "60 000 commas": "," * 60_000,
    "open braces": "{" * 4000,
    "nothing": "",
    "a BOM": "\ufeff",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_attacks_is_refused_soon(app: Any, name: str) -> None:
    begun = time.process_time()
    answered = app.ask(DOCUMENTS[name])
    seconds = time.process_time() - begun
    assert answered.status_code == 400, answered.text
    body = answered.json()
    assert body.keys() == {"errors"}
    assert len(answered.content) < 10_000
    assert not LEAK.search(answered.text), LEAK.search(answered.text)
    for error in body["errors"]:
        assert error["message"]
        assert error["extensions"]["status"] == 400
        assert error["extensions"]["instance"].startswith("urn:servey:call:")
    assert seconds < SOON
    assert app.data("{ echo }")


def test_a_number_that_no_float_can_hold_is_no_argument(app: Any) -> None:
    answered = app.ask("{ echo(ratio: 1e999) }")
    assert answered.json()["data"] == {"echo": None}
    assert answered.json()["errors"][0]["extensions"]["status"] == 400


@pytest.mark.parametrize("number", [50, 300, 1500])
def test_fields_that_overlap_take_no_time(app: Any, number: int) -> None:
    begun = time.process_time()
    app.ask(overlapping(number))
    assert time.process_time() - begun < SOON


BODIES = {
    "100 000 open brackets": b'{"query": ' + b"[" * 100_000,
    "100 000 open braces": b'{"a":' * 100_000,
    "variables 100 000 deep": b'{"query": "{ echo }", "variables": {"a": ' + b"[" * 100_000,
    "variables 900 deep": b'{"query": "{ echo }", "variables": {"a": %b%b}}'
    % (b"[" * 900, b"]" * 900),
    "a name twice": b'{"query": "{ echo }", "query": "{ node { name } }"}',
    "a variable twice": b'{"query": "{ echo }", "variables": {"a": 1, "a": 2}}',
    "NaN": b'{"query": "{ echo }", "variables": {"a": NaN}}',
    "1e999": b'{"query": "{ echo }", "variables": {"a": 1e999}}',
    "no UTF-8": b'{"query": "\xff"}',
    "UTF-16": '{"query": "{ echo }"}'.encode("utf-16"),
    "a lone surrogate": b'{"query": "{ echo }", "operationName": "\\ud800"}',
    "two texts": b'{"query": "{ echo }"}{"query": "{ echo }"}',
    "a batch": b'[{"query": "{ echo }"}, {"query": "{ echo }"}]',
    "a batch of 10 000": b"[" + b",".join([b'{"query": "{ echo }"}'] * 10_000) + b"]",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_attacks_is_refused_soon(app: Any, name: str) -> None:
    begun = time.process_time()
    answered = app.post(BODIES[name])
    assert time.process_time() - begun < SOON
    assert answered.status_code == 400, answered.text
    assert answered.json().keys() == {"errors"}
    assert not LEAK.search(answered.text)


def test_a_body_is_of_bounded_size(app: Any) -> None:
    body = json.dumps({"query": '{ echo(text: "' + "a" * 5_000_000 + '") }'}).encode()
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    answered = app.exchange(head)
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b"aaaa" not in answered


@pytest.mark.parametrize(
    "variables",
    [
        {"n": "5"},
        {"n": 5.5},
        {"n": True},
        {"n": 2**31},
        {"n": [1]},
        {"n": {"a": 1}},
        {"n": "a" * 100_000},
        {"n": ["a" * 1000] * 500},
    ],
)
def test_a_variable_that_does_not_fit_is_refused_without_its_value(
    app: Any, variables: dict[str, Any]
) -> None:
    answered = app.ask("query ($n: Int!) { echo(number: $n) }", variables)
    assert answered.status_code == 400
    assert answered.json().keys() == {"errors"}
    assert len(answered.content) < 2000
    assert not LEAK.search(answered.text)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/json-patch+json",
        "application/json, text/plain",
        "application/json; charset=utf-7",
        "text/plain; application/json",
        "multipart/mixed; boundary=x",
    ],
)
def test_what_a_page_of_another_origin_could_send_is_refused(
    app: Any, content_type: str | None
) -> None:
    request = app.client.build_request(
        "POST", "/graphql", content=b'{"query": "mutation { write(text: \\"forged\\") }"}'
    )
    if content_type is not None:
        request.headers["Content-Type"] = content_type
    answered = app.client.send(request)
    assert answered.status_code == 415
    assert answered.json()["errors"][0]["extensions"]["status"] == 415
    assert written == []


def test_a_mutation_in_a_link_does_not_run(app: Any) -> None:
    for query in ('mutation { write(text: "forged") }', 'mutation A { write(text: "a") } { echo }'):
        app.get(query=query, operationName="A" if "A" in query else "")
    assert written == []


def test_a_query_with_a_mutation_beside_it_runs_by_get(app: Any) -> None:
    answered = app.get(query='query B { echo } mutation A { write(text: "a") }', operationName="B")
    assert answered.status_code == 200
    assert written == []


def test_nothing_is_suggested_in_production(app: Any, serve: Any) -> None:
    queries = [("{ ech }", {}), ("{ echo(txt: 1) }", {}), ("{ node { nam } }", {})]
    for query, variables in queries:
        assert "Did you mean" not in app.ask(query, variables).text
    with serve(ACTIONS) as development:
        for query, variables in queries:
            assert "Did you mean" in development.ask(query, variables).text


@pytest.mark.parametrize(
    ("env", "introspection", "allowed"),
    [
        ("production", None, False),
        ("production", True, True),
        ("development", None, True),
        ("development", False, False),
    ],
)
def test_the_schema_is_told_in_development_or_where_it_is_asked_for(
    serve: Any, env: str, introspection: bool | None, allowed: bool
) -> None:
    settings: dict[str, Any] = {"env": env, "graphql_introspection": introspection}
    with serve(ACTIONS, jwt_secret_key=CANARY, drain_seconds=0, **settings) as running:
        answered = running.ask("{ __schema { queryType { name } } }")
        assert (answered.status_code == 200) is allowed
        assert running.data("{ __typename }") == {"__typename": "Query"}


def test_what_fails_leaves_no_word_of_its_own(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    for query in ("{ nodes { broken name } }", "{ wrong }"):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            answered = app.ask(query)
        assert answered.status_code == 200
        assert CANARY not in answered.text
        assert not LEAK.search(answered.text), LEAK.search(answered.text)
        for error in answered.json()["errors"]:
            assert error["extensions"]["type"] == "urn:servey:problem:internal-error"
            assert error["extensions"]["instance"] in caplog.text


def test_a_nested_field_is_guarded_like_any_other(app: Any) -> None:
    for query in (
        "{ node { secret name } }",
        "{ node { nextNode { secret name } } }",
        "{ node { ...A } } fragment A on Node { secret name }",
        "{ node { s: secret name } }",
        "{ node { ... @include(if: true) { secret name } } }",
    ):
        answered = app.ask(query)
        assert CANARY not in answered.text
        assert '"name":"a"' in answered.text
        assert answered.json()["errors"][0]["extensions"]["status"] == 401
        answered = app.ask(query, headers=app.credentials("other"))
        assert CANARY not in answered.text
        assert answered.json()["errors"][0]["extensions"]["status"] == 403
        assert CANARY in app.ask(query, headers=app.credentials("secrets")).text


def test_what_is_nested_in_a_denied_field_is_not_reached(app: Any) -> None:
    answered = app.ask("{ guarded { secret } }", headers={})
    assert answered.json()["data"] == {"guarded": None}


def test_twenty_logins_at_once_are_all_there_are(app: Any) -> None:
    guesses = " ".join(f'write(text: "guess {n}")' for n in range(21))
    assert app.ask(f"mutation {{ {guesses} }}").status_code == 400
    assert written == []
