"""GraphQL over HTTP: methods, media types and statuses."""

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Any

import pytest

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    Authorization,
    NotFound,
    ScopeAccessControl,
    TtlCacheControl,
    action,
)

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
TYPES = [JSON, RESPONSE]

written: list[str] = []
ended: list[str] = []


@dataclass
class Box:
    label: str
    size: int

    @action(cache_control=TtlCacheControl(5))
    async def smell(self) -> str:
        return f"of {self.label}"


@action(triggers=WEB_GET)
async def say_hello(name: str = "world") -> str:
    return f"Hello {name}"


@action(triggers=WEB_GET)
async def add(a: int, b: int = 0) -> int:
    return a + b


@action(triggers=WEB_POST, cache_control=TtlCacheControl(60))
async def write(text: str) -> str:
    written.append(text)
    return text


@action(triggers=WEB_GET)
async def find_box(label: str) -> Box:
    if label == "none":
        raise NotFound("No such box.")
    return Box(label, 3)


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60))
async def fresh_box() -> Box:
    return Box("fresh", 1)


@action(triggers=WEB_GET, cache_control=TtlCacheControl(30), access_control=ALLOW_AUTHENTICATED)
async def own_box() -> Box:
    return Box("own", 1)


@action(triggers=WEB_GET, access_control=ScopeAccessControl("boxes"))
async def guarded() -> str:
    return "in"


@action(triggers=WEB_GET)
async def who(authorization: Authorization | None) -> str:
    return authorization.subject if authorization else "nobody"


@action(triggers=WEB_GET)
async def fail() -> str:
    raise RuntimeError("a secret reason")


@action(triggers=WEB_GET)
async def wait_for_ever() -> str:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        ended.append("cancelled")
        raise
    return "never"


@action(triggers=WEB_GET)
async def anything() -> Any:
    return {"huge": 2**70, "nan": [1]}


ACTIONS = [
    say_hello,
    add,
    write,
    find_box,
    fresh_box,
    own_box,
    guarded,
    who,
    fail,
    wait_for_ever,
    anything,
]
SETTINGS = {"graphql_timeout": 0.5}


def test_a_query_by_post(app: Any) -> None:
    answered = app.ask("query ($a: Int!) { add(a: $a, b: 2) sayHello }", {"a": 40})
    assert answered.status_code == 200
    assert answered.json() == {"data": {"add": 42, "sayHello": "Hello world"}}
    assert answered.headers["content-type"] == f"{RESPONSE}; charset=utf-8"


def test_a_query_by_get(app: Any) -> None:
    query = "query A($a: Int!) { add(a: $a) } query B { sayHello }"
    answered = app.get(query=query, variables='{"a": 3}', operationName="A")
    assert answered.json() == {"data": {"add": 3}}
    assert app.get(query="{ sayHello }", operationName="").json()["data"]


def test_a_mutation_by_post_alone(app: Any) -> None:
    document = 'mutation { write(text: "by GET") }'
    answered = app.get(query=document)
    assert answered.status_code == 405
    assert answered.headers["allow"] == "POST"
    assert answered.json()["errors"][0]["extensions"]["status"] == 405
    assert written == []
    answered = app.ask('mutation { write(text: "by POST") }')
    assert answered.json() == {"data": {"write": "by POST"}}
    assert answered.headers["cache-control"] == "no-store"


def test_head_is_answered_like_get_without_a_body(app: Any) -> None:
    answered = app.client.head("/graphql", params={"query": "{ sayHello }"})
    assert answered.status_code == 200
    assert int(answered.headers["content-length"]) > 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(app: Any, method: str) -> None:
    answered = app.client.request(method, "/graphql")
    assert answered.status_code == 405
    assert {"GET", "POST"} <= set(answered.headers["allow"].split(", "))


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (RESPONSE.upper(), RESPONSE),
        (f"{JSON}, {RESPONSE}", RESPONSE),
        (f"{RESPONSE}; charset=utf-8, {JSON};q=0.9", RESPONSE),
        (f"{RESPONSE};q=0.5, {JSON}", JSON),
        (f"{RESPONSE};q=0.5, */*", JSON),
        (f"{JSON};q=0, */*", RESPONSE),
        (f"text/html, {RESPONSE};q=0.001", RESPONSE),
        (", ".join([*("text/html" for _ in range(100)), RESPONSE]), RESPONSE),
    ],
)
def test_the_media_type_is_negotiated(app: Any, accept: str | None, chosen: str) -> None:
    request = app.client.build_request("POST", "/graphql", json={"query": "{ sayHello }"})
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    answered = app.client.send(request)
    assert answered.headers["content-type"] == f"{chosen}; charset=utf-8"
    assert answered.status_code == 200


@pytest.mark.parametrize(
    "accept", ["text/html", "image/*", f"{JSON};q=0", f"{JSON};q=nan", "application/jsonp"]
)
def test_what_takes_neither_media_type_is_refused(app: Any, accept: str) -> None:
    answered = app.ask("{ sayHello }", accept=accept)
    assert answered.status_code == 406
    assert answered.json()["errors"][0]["extensions"]["title"] == "Not acceptable"


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("{", "invalid-document"),
        ("{ nothingOfTheKind }", "invalid-document"),
        ("query A { sayHello } query B { sayHello }", "invalid-document"),
        ("fragment A on Query { sayHello }", "invalid-document"),
        ("query ($a: Int!) { add(a: $a) }", "invalid-input"),
    ],
)
def test_a_document_that_cannot_be_run(app: Any, query: str, problem: str) -> None:
    answered = app.ask(query)
    assert answered.status_code == 400
    assert answered.json().keys() == {"errors"}
    told = answered.json()["errors"][0]["extensions"]
    assert told["type"] == f"urn:servey:problem:{problem}"
    assert answered.headers["cache-control"] == "no-store"
    legacy = app.ask(query, accept=JSON)
    assert legacy.status_code == 200
    assert legacy.json().keys() == {"errors"}


@pytest.mark.parametrize("accept", TYPES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'[{"query": "{ sayHello }"}]',
        b"null",
        b"5",
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": "{ sayHello }", "query": "{ who }"}',
        b'{"query": "{ sayHello }", "variables": []}',
        b'{"query": "{ sayHello }", "variables": 0}',
        b'{"query": "{ sayHello }", "variables": false}',
        b'{"query": "{ sayHello }", "operationName": {}}',
        b'{"query": "{ sayHello }", "extensions": []}',
        b'{"query": "{ sayHello }", "extensions": ""}',
        b'{"query": "{ sayHello }", "extensions": {"persistedQuery": 1}}',
        b'{"query": "{ sayHello }", "documentId": 1}',
        b'{"query": "{ sayHello }", "variables": {"a": NaN}}',
        b'{"query": "\\ud800"}',
        b'\xef\xbb\xbf{"query": "{ sayHello }"}',
    ],
)
def test_what_is_no_request_is_refused_whatever_the_media_type(
    app: Any, body: bytes, accept: str
) -> None:
    answered = app.post(body, Accept=accept)
    assert answered.status_code == 400, answered.text
    [error] = answered.json()["errors"]
    assert error["extensions"]["type"] == "urn:servey:problem:bad-request"
    assert error["extensions"]["instance"].startswith("urn:servey:call:")
    assert error["message"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=",
        "query=%7B%20sayHello%20%7D&query=%7B%20who%20%7D",
        "query=%FF",
        "query=%7B%20sayHello%20%7D&variables=[]",
        "query=%7B%20sayHello%20%7D&variables=%7B",
        "query=%7B%20sayHello%20%7D&extensions=5",
        "query=%7B%20sayHello%20%7D&" + "&".join(f"a{n}=b" for n in range(100)),
    ],
)
def test_a_query_string_that_is_no_request_is_refused(app: Any, query: str) -> None:
    answered = app.client.get(f"/graphql?{query}", headers={"Accept": RESPONSE})
    assert answered.status_code == 400, answered.text
    assert answered.json().keys() == {"errors"}


def test_null_stands_for_what_is_left_out(app: Any) -> None:
    body = {"query": "{ sayHello }", "variables": None, "operationName": None, "extensions": None}
    assert app.post(json.dumps(body).encode()).json() == {"data": {"sayHello": "Hello world"}}


def test_what_is_not_known_is_passed_over(app: Any) -> None:
    answered = app.ask("{ sayHello }", extensions={"tracing": {"x": 1}}, id="q1")
    assert answered.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "Application/JSON",
    ],
)
def test_json_by_any_spelling_is_taken(app: Any, content_type: str) -> None:
    answered = app.post(b'{"query": "{ sayHello }"}', Content_Type=content_type)
    assert answered.status_code == 200


def test_a_bad_token_refuses_the_whole_request(app: Any) -> None:
    for accept in TYPES:
        headers = {"Authorization": "Bearer forged"}
        answered = app.ask("{ sayHello }", headers=headers, accept=accept)
        assert answered.status_code == 401
        assert answered.headers["www-authenticate"].startswith("Bearer")
        assert answered.json()["errors"][0]["extensions"]["status"] == 401
    assert app.data("{ who }") == {"who": "nobody"}
    assert app.data("{ who }", headers=app.credentials()) == {"who": "ann"}


def test_a_denied_field_is_null_and_its_siblings_live(app: Any) -> None:
    answered = app.ask("{ guarded sayHello }")
    assert answered.status_code == 200
    assert answered.json()["data"] == {"guarded": None, "sayHello": "Hello world"}
    [error] = answered.json()["errors"]
    assert error["path"] == ["guarded"]
    assert error["locations"] == [{"line": 1, "column": 3}]
    assert error["extensions"]["status"] == 401
    answered = app.ask("{ guarded }", headers=app.credentials("books"))
    assert answered.json()["errors"][0]["extensions"]["status"] == 403
    assert app.data("{ guarded }", headers=app.credentials("boxes")) == {"guarded": "in"}


def test_a_problem_is_in_the_extensions(app: Any) -> None:
    answered = app.ask('{ findBox(label: "none") { label } }')
    [error] = answered.json()["errors"]
    assert error["message"] == "No such box."
    assert error["extensions"]["type"] == "urn:servey:problem:not-found"
    assert error["extensions"]["status"] == 404
    assert error["extensions"]["instance"].startswith("urn:servey:call:")


def test_a_problem_names_the_call_that_the_log_names(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answered = app.ask("{ fail }")
    [error] = answered.json()["errors"]
    assert error["extensions"]["status"] == 500
    [record] = [one for one in caplog.records if one.name.startswith("servey.")]
    assert record.instance == error["extensions"]["instance"]  # type: ignore[attr-defined]


def test_an_operation_has_its_time(app: Any) -> None:
    answered = app.ask("{ waitForEver }")
    assert answered.status_code == 504
    [error] = answered.json()["errors"]
    assert error["extensions"]["type"] == "urn:servey:problem:action-timeout"
    assert error["message"] == "The operation took longer than 0.5 s."
    assert ended == ["cancelled"]


def test_numbers_of_any_length_arrive(app: Any) -> None:
    assert app.data("{ anything }") == {"anything": {"huge": 2**70, "nan": [1]}}


@pytest.mark.parametrize(
    ("query", "signed_in", "expected"),
    [
        ("{ freshBox { label } }", False, "public, max-age=60"),
        ("{ freshBox { label smell } }", False, "public, max-age=5"),
        ("{ ownBox { label } }", True, "private, max-age=30"),
        ("{ freshBox { label } ownBox { label } }", True, "private, max-age=30"),
        ("{ freshBox { label } sayHello }", False, "no-store"),
        ("{ freshBox { label } fail }", False, "no-store"),
        ("{ freshBox { label } ownBox { label } }", False, "no-store"),
        ("{ __typename }", False, "no-store"),
    ],
)
def test_a_response_is_kept_as_long_as_the_least_of_its_fields(
    app: Any, query: str, signed_in: bool, expected: str
) -> None:
    headers = app.credentials() if signed_in else {}
    answered = app.ask(query, headers=headers)
    assert answered.headers["cache-control"] == expected
    vary = answered.headers.get("vary", "")
    assert ("authorization" in vary) == expected.startswith("private")
    assert ("accept" in vary) == (expected != "no-store")


def test_both_ways_through_the_host_answer_the_same(app: Any, serve: Any) -> None:
    queries = ["{ sayHello }", "{", "{ guarded }", "{ freshBox { size } }"]
    with serve(ACTIONS, cors_origins=("https://app.example",)) as other:
        for query in queries:
            for ask in ("ask", "get"):
                answers = []
                for application in (app, other):
                    given = {"query": query} if ask == "get" else {}
                    answered = application.get(**given) if given else application.ask(query)
                    errors = answered.json().get("errors", [])
                    for error in errors:
                        error["extensions"].pop("instance")
                    names = ("content-type", "cache-control")
                    kept = {name: answered.headers.get(name) for name in names}
                    answers.append(
                        (answered.status_code, kept, answered.json().get("data"), errors)
                    )
                assert answers[0] == answers[1]
