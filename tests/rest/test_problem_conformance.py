"""Every problem as RFC 9457 has it, on the wire, and what it must not tell."""

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator
from raw_http import HOST, JSON, Answer, Connection, connected, get, post, request

from servey_core import (
    WEB_GET,
    WEB_POST,
    Conflict,
    FieldError,
    InvalidInput,
    ProblemError,
    ScopeAccessControl,
    action,
    errors,
)

SECRET = "the-database-password"
SETTINGS = {
    "env": "production",
    "jwt_secret_key": SECRET * 2,
    "drain_seconds": 0,
    "header_timeout": 0.3,
    "body_timeout": 0.3,
}

PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "detail": {"type": "string", "minLength": 1},
        "instance": {"type": "string"},
    },
    "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]{2,}$"},
    "required": ["type", "title", "status", "instance"],
}
"""RFC 9457, section 3.1 and, for the names of extensions, 3.2; and what this server always says."""

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
"""An absolute URI (RFC 3986, section 4.3), near enough."""

CHALLENGE = re.compile(r'Bearer( [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(, (?! )|$))*')
"""RFC 6750, section 3."""

HARDENING = {
    "x-content-type-options",
    "x-frame-options",
    "content-security-policy",
    "referrer-policy",
    "cross-origin-opener-policy",
}


class OutOfCredit(ProblemError):  # noqa: N818 - as the core's own problems are named
    """There is not enough credit."""

    status = 402


class OutOfStock(Conflict):
    """There is none left."""

    type: ClassVar[str] = "https://example.com/problems/out-of-stock"
    title: ClassVar[str] = "Sold out"


KINDS = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ProblemError)
} | {"OutOfCredit": OutOfCredit, "OutOfStock": OutOfStock}


@action(triggers=WEB_GET)
async def raise_a(kind: str) -> None:
    raise KINDS[kind]("It happened.", balance=30)


@action(triggers=(WEB_GET, WEB_POST), sync_to_thread=False)
def echo(number: int = 0) -> int:
    return number


@action(triggers=WEB_GET, access_control=ScopeAccessControl("pets:write"))
async def guarded() -> None: ...


@action(triggers=WEB_GET)
async def pay() -> None:
    raise OutOfCredit("Your credit is 30.", headers={"X-Credit": "30"}, balance=30)


@action(triggers=WEB_GET)
async def say_everything() -> None:
    wrong = FieldError("#/a", "no \udc80 text", "text")
    raise InvalidInput(
        "ünï\udc80",
        errors=[wrong],
        ratio=float("nan"),
        ratios=[float("inf")],
        digits=7**99,
        thing=1 + 2j,
        data=b"\xff",
        by_number={1: {2, 3}},
    )


@action(triggers=WEB_GET)
async def fail() -> None:
    raise RuntimeError(SECRET)


@action(triggers=WEB_GET)
async def lie() -> int:
    return SECRET  # type: ignore[return-value]


@action(triggers=WEB_GET, timeout=0.01)
async def sleep() -> None:
    await asyncio.Event().wait()


ACTIONS = [raise_a, echo, guarded, pay, say_everything, fail, lie, sleep]
ECHO = "/actions/echo"

WIRE = {
    "no JSON": (post(ECHO, b"{"), 400),
    "no HTTP": (b"nonsense\r\n\r\n", 400),
    "a stranger": (request("GET", ECHO, b"Host: a b"), 400),
    "no credentials": (get("/actions/guarded"), 401),
    "bad credentials": (get("/actions/guarded", b"Authorization: Bearer x"), 401),
    "nothing there": (get("/nowhere"), 404),
    "another method": (request("DELETE", ECHO, HOST), 405),
    "slow headers": (get(ECHO)[:-2], 408),
    "a slow body": (request("POST", ECHO, HOST, JSON, b"Content-Length: 9"), 408),
    "a large body": (request("POST", ECHO, HOST, JSON, b"Content-Length: 9999999"), 413),
    "a long target": (get("/" + "a" * 99_999), 414),
    "a text": (post(ECHO, b"{}", content_type=b"Content-Type: text/plain"), 415),
    "a compressed body": (post(ECHO, b"{}", b"Content-Encoding: gzip"), 415),
    "bad input": (post(ECHO, b'{"number": "x", "other": 1}'), 422),
    "large headers": (get(ECHO, b"X: " + b"x" * 99_999), 431),
    "a failure": (get("/actions/fail"), 500),
    "a false result": (get("/actions/lie"), 500),
    "no end": (get("/actions/sleep"), 504),
    "everything": (get("/actions/say-everything"), 422),
    **{
        f"raised: {name}": (get(f"/actions/raise-a?kind={name}"), kind.status)
        for name, kind in KINDS.items()
    },
}


@pytest.fixture
def connection(app: Any) -> Iterator[Connection]:
    with connected(app.url) as opened:
        yield opened


def ask(connection: Connection, sent: bytes) -> Answer:
    connection.send(sent)
    return connection.answer()


@pytest.fixture(scope="module")
def titles() -> dict[str, str]:
    """The title of each type that was seen."""
    return {}


@pytest.fixture(scope="module")
def instances() -> set[str]:
    """Every instance that was seen."""
    return set()


@pytest.mark.parametrize(("sent", "status"), WIRE.values(), ids=WIRE)
def test_every_problem_conforms(
    connection: Connection,
    sent: bytes,
    status: int,
    titles: dict[str, str],
    instances: set[str],
    documented: Draft202012Validator,
) -> None:
    answer = ask(connection, sent)
    assert answer.status == status
    assert answer.only("content-type") == "application/problem+json"
    problem = answer.json()
    Draft202012Validator(PROBLEM).validate(problem)
    documented.validate(problem)
    assert problem["status"] == status
    assert problem["type"] == "about:blank" or URI.fullmatch(problem["type"])
    assert titles.setdefault(problem["type"], problem["title"]) == problem["title"]
    assert URI.fullmatch(problem["instance"])
    assert problem["instance"] not in instances
    instances.add(problem["instance"])
    assert b"<" not in answer.body


@pytest.fixture(scope="module")
def documented(serve: Any) -> Draft202012Validator:
    """The schema that the API's own document has for problems."""
    with serve([echo]) as running:
        document = running.get("/openapi.json").json()
    response = document["components"]["responses"]["Problem"]
    [name] = re.findall(
        r"#/components/schemas/(\w+)$",
        response["content"]["application/problem+json"]["schema"]["$ref"],
    )
    return Draft202012Validator(document["components"]["schemas"][name])


@pytest.mark.parametrize(("sent", "status"), WIRE.values(), ids=WIRE)
def test_every_problem_carries_what_each_response_does(
    connection: Connection, sent: bytes, status: int
) -> None:
    answer = ask(connection, sent)
    names = [name for name, _ in answer.fields]
    assert {*HARDENING, "date", "x-request-id"} <= set(names)
    assert len(set(names)) == len(names)
    assert answer.json()["instance"] == f"urn:servey:call:{answer.only('x-request-id')}"
    if status == 401:
        assert CHALLENGE.fullmatch(answer.only("www-authenticate"))
    if status == 503:
        assert answer.only("retry-after").isdigit()


def test_a_kind_is_told_by_its_type(connection: Connection) -> None:
    problems = {
        name: ask(connection, get(f"/actions/raise-a?kind={name}")).json() for name in KINDS
    }
    assert len({one["type"] for one in problems.values()}) == len(KINDS)
    assert problems["OutOfCredit"]["type"] == "urn:servey:problem:out-of-credit"
    assert problems["OutOfStock"]["type"] == "https://example.com/problems/out-of-stock"
    nameless = problems["ProblemError"]
    assert (nameless["type"], nameless["title"]) == ("about:blank", "Internal Server Error")


def test_a_problem_of_ones_own(connection: Connection) -> None:
    answer = ask(connection, get("/actions/pay"))
    members = answer.json()
    del members["instance"]
    assert members == {
        "type": "urn:servey:problem:out-of-credit",
        "title": "Out of credit",
        "status": 402,
        "detail": "Your credit is 30.",
        "balance": 30,
    }
    assert answer.only("x-credit") == "30"


def test_whatever_is_said_is_json(connection: Connection) -> None:
    problem = ask(connection, get("/actions/say-everything")).json()
    assert problem["detail"] == "ünï?"
    assert problem["errors"][0]["detail"] == "no ? text"
    assert (problem["ratio"], problem["ratios"], problem["digits"]) == (None, [None], 7**99)
    assert problem["by_number"] == {"1": [2, 3]}


@pytest.mark.parametrize(
    ("sent", "challenge"),
    [
        (get("/actions/guarded"), "Bearer"),
        (get("/actions/guarded", b"Authorization: Bearer x"), 'Bearer error="invalid_token"'),
    ],
)
def test_a_challenge_says_what_is_missing(
    connection: Connection, sent: bytes, challenge: str
) -> None:
    assert ask(connection, sent).only("www-authenticate") == challenge


def test_who_may_not_is_told_what_is_needed(app: Any, connection: Connection) -> None:
    token = app.credentials("pets:read")["Authorization"].encode()
    answer = ask(connection, get("/actions/guarded", b"Authorization: " + token))
    assert answer.status == 403
    assert answer.only("www-authenticate") == (
        'Bearer error="insufficient_scope", scope="pets:write"'
    )


def test_another_method_is_told_which_there_are(connection: Connection) -> None:
    answer = ask(connection, request("PUT", ECHO, HOST))
    assert answer.only("allow") == "GET, HEAD, OPTIONS, POST"


def test_a_compressed_body_is_told_what_is_accepted(connection: Connection) -> None:
    answer = ask(connection, post(ECHO, b"{}", b"Content-Encoding: gzip"))
    assert answer.only("accept-encoding") == "identity"


def test_a_refused_preflight_is_a_problem(serve: Any) -> None:
    preflight = (b"Origin: https://evil.example", b"Access-Control-Request-Method: POST")
    with serve(ACTIONS, cors_origins="https://app.example.com") as app, ExitStack() as stack:
        connection = stack.enter_context(connected(app.url))
        answer = ask(connection, request("OPTIONS", ECHO, HOST, *preflight))
    assert (answer.status, answer.json()["detail"]) == (400, "Disallowed CORS origin.")
    assert answer.only("content-type") == "application/problem+json"


@pytest.mark.parametrize("target", ["/nowhere", "/actions/guarded", f"{ECHO}?number=x"])
def test_head_has_the_same_fields_and_no_body(connection: Connection, target: str) -> None:
    identity = b"X-Request-ID: abcdefgh-1"
    to_get = ask(connection, get(target, identity))
    connection.send(request("HEAD", target, HOST, identity))
    to_head = connection.answer(to_head=True)
    assert to_head.status == to_get.status
    assert [one for one in to_head.fields if one[0] != "date"] == [
        one for one in to_get.fields if one[0] != "date"
    ]
    assert ask(connection, get(ECHO)).status == 200


def test_the_instance_is_the_callers_own_id(connection: Connection) -> None:
    answer = ask(connection, get("/nowhere", b"X-Request-ID: abcdefgh-1"))
    assert answer.json()["instance"] == "urn:servey:call:abcdefgh-1"
    assert answer.only("x-request-id") == "abcdefgh-1"


@pytest.mark.parametrize("kind", ["no JSON", "no HTTP", "nothing there", "bad input", "a failure"])
def test_the_log_knows_the_instance(
    connection: Connection, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = ask(connection, WIRE[kind][0])
    if not answer.closes:
        ask(connection, get(ECHO))
    identity = answer.only("x-request-id")
    assert any(identity in str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize("name", ["fail", "lie"])
def test_nothing_internal_leaks(
    connection: Connection, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "servey.invoke"):
        answer = ask(connection, get(f"/actions/{name}"))
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "instance"}
    assert SECRET not in str(answer)
    assert b"Error" not in answer.body
    [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert problem["instance"] in record.getMessage()


def test_the_developer_sees_the_reason_of_a_failure_and_of_nothing_else(serve: Any) -> None:
    with serve([fail, echo]) as app:
        exception = app.get("/actions/fail").json()["exception"]
        refused = app.get("/actions/echo?number=x").json()
    assert (exception["type"], exception["message"]) == ("RuntimeError", SECRET)
    assert re.fullmatch(r".+\.py:[0-9]+", exception["at"])
    assert "exception" not in refused
