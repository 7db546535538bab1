"""The web host's fast path and FastAPI's own path give the same answers, byte for byte."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlencode

import pytest
from fastapi import APIRouter, Body, Depends, HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st

from servey_core import ALLOW_AUTHENTICATED, Authorization, Runtime, WebTrigger, start
from servey_rest import fastapi_app, requires
from servey_web import WebSettings, create_app
from servey_web.lifecycle import Lifecycle
from servey_web.protection import protect

TOUR = Path(__file__).parents[2] / "examples" / "tour"
ID = b"x-request-id"
OWN_OF_THE_HOST = {"/livez", "/readyz", "/debug/login"}
SETTINGS = {
    "jwt_secret_key": "k" * 64,
    "fastapi_routers": f"{__name__}:router",
    "max_body_bytes": 2000,
}

router = APIRouter()


@router.get("/books/{number}/copies")
async def copies(number: str) -> str:
    return number


@router.api_route("/notes", methods=["GET", "HEAD", "POST"])
async def notes() -> None:
    raise HTTPException(409, "Not now.")


@router.put("/notes/{name}", dependencies=[Depends(requires(ALLOW_AUTHENTICATED))])
async def note(name: str, text: Annotated[str, Body()]) -> list[str]:
    return [name, text]


@router.get("/files/{path:path}")
async def file(path: str) -> str:
    return path


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("on purpose")


@dataclass(frozen=True)
class Request:
    """A request as a server reads it.

    Attributes:
        method: Its method.
        target: Its path as it is sent, and its query.
        headers: Its header fields.
        body: The parts that its body arrives in.
        root_path: The path that the application stands under.
        leaves: Whether the caller leaves before the last part of the body.
    """

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: tuple[bytes, ...] = ()
    root_path: str = ""
    leaves: bool = False

    @property
    def path(self) -> str:
        return unquote(self.target.partition(b"?")[0].decode("ascii"))

    def scope(self) -> dict[str, Any]:
        """The scope, as uvicorn makes it."""
        raw_path, _, query = self.target.partition(b"?")
        framing = [(b"content-length", b"%d" % len(b"".join(self.body)))] if self.body else []
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "method": self.method,
            "root_path": self.root_path,
            "path": self.root_path + self.path,
            "raw_path": self.root_path.encode() + raw_path,
            "query_string": query,
            "headers": [(b"host", b"localhost:8000"), *framing, *self.headers],
            "state": {},
        }


@dataclass(frozen=True)
class Answer:
    """What came back, with the id of the request taken out."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = field(repr=False)


NOTHING = Answer(0, [], b"")
"""What a caller gets who has left."""


class Both:
    """One application by both paths, and a request for each example of each action."""

    def __init__(self, fast: Any, full: Any, loop: asyncio.Runner, seeds: list[Request]) -> None:
        self._fast, self._full, self._loop = fast, full, loop
        self.seeds = seeds

    def check(self, request: Request) -> Answer:
        """Ask both, and give back what both answer."""

        async def ask() -> tuple[Answer, Answer]:
            return await answer_of(self._fast, request), await answer_of(self._full, request)

        fast, full = self._loop.run(ask())
        assert fast == full
        assert fast.body == full.body
        return fast


async def answer_of(app: Callable[..., Any], request: Request) -> Answer:
    parts = list(request.body) or [b""]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            await asyncio.Event().wait()  # the caller stays
        part = parts.pop(0)
        if request.leaves and not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(request.scope(), receive, send)
    if not sent:
        return NOTHING
    begin, *rest = sent
    headers = dict(begin["headers"])
    own_id = headers[ID]
    body = b"".join(message.get("body", b"") for message in rest)
    without = [(name, value.replace(own_id, b"ID")) for name, value in begin["headers"]]
    if headers.get(b"content-length") != b"%d" % len(body) or b"urn:servey:call" in body:
        body = body.replace(own_id, b"ID")
    assert not rest[-1].get("more_body")
    return Answer(begin["status"], without, body)


@pytest.fixture(scope="module", params=("", "https://friend.example"), ids=("plain", "cors"))
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    modules, path = set(sys.modules), list(sys.path)
    tour = tmp_path_factory.mktemp("tour")
    others = shutil.ignore_patterns("home.py", "chat.py")  # what FastAPI's application has none of
    shutil.copytree(TOUR, tour, ignore=others, dirs_exist_ok=True)
    sys.path.insert(0, str(tour))
    given = {**SETTINGS, "plugin_modules": "tour_plugin", "cors_origins": request.param}
    runtime, other = (start(str(tour / "actions"), given=given) for _ in range(2))
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tour) in str(getattr(sys.modules[name], "__spec__", "")):
            del sys.modules[name]  # its names are those of other tests' modules
    web = other.settings.group(WebSettings)
    full = protect(fastapi_app(other), other.settings.core, web, Lifecycle())
    with asyncio.Runner() as loop:
        yield Both(create_app(runtime), full, loop, list(requests_for_examples(runtime)))
        runtime.pool.close(2.0)
        other.pool.close(2.0)


def requests_for_examples(runtime: Runtime) -> Iterator[Request]:
    for binding in runtime.bindings:
        if isinstance(binding.trigger, WebTrigger):
            signature = runtime.invoker(binding.action.name).signature
            for example in binding.action.examples:
                params = json.loads(signature.arguments_to_json(example.params))
                yield request_for(runtime, binding, params, example.authorization)


def request_for(
    runtime: Runtime, binding: Any, params: dict[str, Any], authorization: Authorization | None
) -> Request:
    trigger, headers = binding.trigger, []
    path = trigger.path or f"/actions/{binding.action.path_name}"
    for name in [name for name in params if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", quote(str(params.pop(name)), safe=""))
    if authorization is not None:
        expires_at = authorization.expires_at or datetime.now(UTC) + timedelta(hours=1)
        token = runtime.authorizer.issue(replace(authorization, expires_at=expires_at))
        headers.append((b"authorization", f"Bearer {token}".encode()))
    if trigger.method in ("GET", "DELETE"):
        texts = {
            name: one if isinstance(one, str) else json.dumps(one) for name, one in params.items()
        }
        return Request(trigger.method, f"{path}?{urlencode(texts)}".encode(), tuple(headers))
    headers.append((b"content-type", b"application/json"))
    return Request(trigger.method, path.encode(), tuple(headers), (json.dumps(params).encode(),))


def test_every_example_is_answered_the_same(both: Both) -> None:
    statuses = {both.check(seed).status for seed in both.seeds}
    assert statuses >= {200, 401, 403, 404, 409, 422}


def test_what_is_known_already_is_answered_the_same(both: Both) -> None:
    unchanged = 0
    for seed in both.seeds:
        for name, value in both.check(seed).headers:
            if name in (b"etag", b"last-modified"):
                condition = b"if-none-match" if name == b"etag" else b"if-modified-since"
                again = replace(seed, headers=(*seed.headers, (condition, value)))
                unchanged += both.check(again).status == 304
    assert unchanged


def test_who_has_left_is_told_nothing(both: Both) -> None:
    for seed in both.seeds:
        if seed.body:
            assert both.check(replace(seed, leaves=True)) == NOTHING


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "REPORT", "get")
PATHS = (
    *("/", "//", "/docs", "/docs/", "/openapi.json", "/docs/assets/x/y", "/actions"),
    *("/actions/", "/nowhere", "/broken", "*", "x", "/books/1/copies", "/notes"),
    *("/notes/n", "/files/", "/files/a/b", "/files", "/books/%ff", "/books/%00", "/books/a%2Fb"),
    *(
        "/books/a%2Fb/copies",
        "/books/%E2%82%AC",
        "/books//copies",
        "/books/./copies",
        "/books/../books",
        "/%62ooks",
        "/books%2F1",
    ),
    *("/{name}", "/books/{isbn}", "/books/{isbn}/copies", "/books/%7Bisbn%7D"),
)
PIECES = (
    "/",
    "//",
    "%2F",
    "%2f",
    "%ff",
    "%00",
    "%",
    "%zz",
    ".",
    "..",
    "a",
    "%C3%A9",
    ";x=1",
    "+",
    "%20",
    "{",
    "}",
)
QUERIES = (
    "?",
    "?x=1",
    "?name=a",
    "?name=a&name=b",
    "?name=%ff",
    "?name=%00",
    "?name=",
    "?=",
    "?&&",
    "?a[b]=1",
)
BODIES = (
    *(b"{}", b"[]", b"null", b'{"name": "x"}', b'{"name": 1, "name": 2}', b"{", b"\xff"),
    *(b'"text"', b"x" * 2001, b""),
)
TYPES = (
    *(b"application/json", b"application/problem+json", b"application/json; charset=x"),
    *(b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b""),
)
FIELDS = (
    *((b"content-type", kind) for kind in TYPES),
    (b"if-none-match", b"*"),
    (b"if-none-match", b'"x", W/"y"'),
    (b"if-modified-since", b"Thu, 29 Feb 2024 08:00:00 GMT"),
    (b"if-modified-since", b"then"),
    (b"if-match", b'"x"'),
    (b"authorization", b"Bearer x"),
    (b"authorization", b"Basic eDp5"),
    (b"authorization", b"Bearer \xff"),
    (b"authorization", b""),
    (b"accept", b"text/event-stream"),
    (b"accept", b"image/png"),
    (b"origin", b"https://friend.example"),
    (b"origin", b"https://evil.example"),
    (b"access-control-request-method", b"GET"),
    (b"x-forwarded-for", b"10.0.0.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-request-id", b"an-id-of-the-caller"),
    (b"host", b"evil.example"),
    (b"range", b"bytes=0-1"),
    (b"transfer-encoding", b"chunked"),
    (b"content-encoding", b"gzip"),
    (b"cookie", b"a=b"),
)


def perhaps(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@dataclass(frozen=True)
class Changes:
    """How a request differs from one of the seeds; None for what stays."""

    method: str | None
    path: str | None
    query: str | None
    body: bytes | None
    parts: int
    edits: list[tuple[int, int, str]]
    fields: list[tuple[bytes, bytes]]
    keeps_fields: bool
    root_path: str
    leaves: bool

    def made_to(self, seed: Request) -> Request:
        path, question, query = seed.target.decode("ascii").partition("?")
        path = self.path or path
        for place, cut, piece in self.edits:
            at = place % (len(path) + 1)
            path = path[:at] + piece + path[at + cut :]
        target = path + (question + query if self.query is None else self.query)
        body = b"".join(seed.body) if self.body is None else self.body
        headers = (*(seed.headers if self.keeps_fields else ()), *self.fields)
        changed = Request(
            self.method or seed.method,
            target.encode("ascii"),
            headers,
            tuple(body[number :: self.parts] for number in range(self.parts)) if body else (),
            self.root_path,
            self.leaves,
        )
        # Of what the host mounts, it bounds the bodies itself.
        return replace(changed, body=()) if len(body) > 2000 and self.path else changed


CHANGES = st.builds(
    Changes,
    perhaps(st.sampled_from(METHODS)),
    perhaps(st.sampled_from(PATHS)),
    perhaps(st.sampled_from(QUERIES)),
    perhaps(st.sampled_from(BODIES) | st.binary(max_size=20)),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 3), st.sampled_from(PIECES)), max_size=2),
    st.lists(st.sampled_from(FIELDS), max_size=2),
    st.booleans(),
    st.sampled_from(("", "", "/api", "/api/v1")),
    st.integers(0, 9).map(lambda number: number == 9),
)


@settings(max_examples=1000)
@given(changes=CHANGES, number=st.integers(0, 999))
def test_whatever_is_asked_is_answered_the_same(both: Both, changes: Changes, number: int) -> None:
    request = changes.made_to(both.seeds[number % len(both.seeds)])
    if request.path not in OWN_OF_THE_HOST:
        both.check(request)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "OPTIONS", "DELETE", "REPORT"])
@pytest.mark.parametrize(
    "target",
    [
        b"/books",
        b"/books/",
        b"//books",
        b"/books/1/copies",
        b"/books/a%2Fb/copies",
        b"/books/%ff",
        b"/notes",
        b"/notes/n",
        b"/files/a/b",
        b"/docs",
        b"/docs/",
        b"/nowhere",
        b"/broken",
    ],
)
def test_methods_are_answered_the_same(both: Both, method: str, target: bytes) -> None:
    both.check(Request(method, target))
