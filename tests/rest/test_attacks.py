"""Attacks, byte by byte: each is refused with a problem, tells nothing, and harms nobody else."""

import asyncio
import json
import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import pytest
from attacks import ATTACKS, ECHO, GUARDED, KIND_STATUS, ODDITIES, SMUGGLED, Attack, Oddity, echoed
from raw_http import (
    HOST,
    JSON,
    Answer,
    Connection,
    chunked,
    connected,
    get,
    post,
    request,
)
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    ProblemError,
    Response,
    SecureHashCacheControl,
    WebTrigger,
    action,
)

CANARY = "canary-7f3a9c-canary-7f3a9c-canary"
SETTINGS: dict[str, dict[str, Any]] = {
    "production": {"env": "production", "jwt_secret_key": CANARY, "drain_seconds": 0},
    "development": {"jwt_secret_key": CANARY, "debug_authenticator_password": CANARY},
}
LEAK = re.compile(
    rb"Traceback|\.py\b|site-packages|<class|object at|servey_|pydantic|starlette|fastapi|uvicorn"
    rb"|httptools|jiter|canary"
)
GOOD = get(f"{ECHO}?text=good")

ran: list[str] = []


@action(triggers=(WEB_GET, WEB_POST))
async def echo(
    text: str = "", number: int = 0, ratio: float = 0.0, flag: bool = False, anything: Any = None
) -> dict[str, Any]:
    return dict(locals())


@action(triggers=WebTrigger("GET", "/boxes/{label}"))
async def find_box(label: str) -> str:
    return label


@action(triggers=(WEB_GET, WEB_POST), access_control=ALLOW_AUTHENTICATED)
async def guarded() -> str:
    return "in"


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl(60))
async def cached() -> str:
    return "x"


@action(triggers=WEB_GET)
async def smuggled() -> None:
    ran.append("smuggled")


@action(triggers=WEB_POST)
async def log_in(user: str, password: str) -> str:
    raise RuntimeError(f"{user} cannot be logged in") from ValueError(password)


class Odd(ProblemError):  # noqa: N818 - as the core's own problems are named
    status = 418


@action(triggers=WEB_GET)
async def refuse_with(name: str, value: str) -> None:
    raise Odd("No.", headers={name: value})


@action(triggers=WEB_GET)
async def answer_with(value: str, response: Response) -> str:
    response.headers["X-Value"] = value
    return "done"


@action(triggers=WEB_GET, sync_to_thread=True)
def occupy_a_thread() -> str:
    assert released.wait(PATIENCE)
    return "done"


@action(triggers=WEB_GET)
async def much() -> str:
    return "x" * 30_000_000


ACTIONS = [
    *(echo, find_box, guarded, cached, smuggled),
    *(log_in, refuse_with, answer_with, occupy_a_thread, much),
]
released = threading.Event()


class Target:
    """A server, and a caller that has nothing to do with the attacks."""

    def __init__(self, app: Any, bystander: Connection) -> None:
        self.app = app
        self.url = app.url
        self._bystander = bystander

    def check(self) -> None:
        """The bystander is served as ever."""
        assert_is_served(self._bystander)


@pytest.fixture(scope="module", params=list(SETTINGS))
def target(request: pytest.FixtureRequest, serve: Any) -> Iterator[Target]:
    settings = {**SETTINGS[request.param], "keep_alive_seconds": 60}
    with serve(ACTIONS, **settings) as app, connected(app.url) as bystander:
        yield Target(app, bystander)


@pytest.fixture(autouse=True)
def nothing_is_smuggled() -> Iterator[None]:
    ran.clear()
    yield
    assert ran == []


def assert_is_served(connection: Connection) -> None:
    connection.send(GOOD)
    answer = connection.answer()
    assert (answer.status, answer.json()) == (200, echoed(text="good"))


def assert_goes_on(connection: Connection, answer: Answer, *, closes: bool) -> None:
    """After an answer, the connection is of use or it ends: nothing that is left is a request."""
    assert answer.closes is closes
    if closes:
        assert connection.rest() == b""
    else:
        assert_is_served(connection)


def assert_is_problem(answer: Answer, kind: str) -> None:
    assert (answer.status, answer.only("content-type")) == (
        KIND_STATUS[kind],
        "application/problem+json",
    )
    problem = answer.json()
    assert problem["type"] == f"urn:servey:problem:{kind}"
    assert problem["status"] == answer.status
    assert not LEAK.search(answer.body)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.name[:60])
def test_an_attack_is_refused(target: Target, attack: Attack, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    with connected(target.url) as connection:
        connection.send(attack.sent)
        answer = connection.answer()
        assert_is_problem(answer, attack.kind)
        assert_goes_on(connection, answer, closes=attack.closes)
    target.check()
    assert max(one.levelno for one in caplog.records) < logging.ERROR
    assert "\n" not in "".join(one.getMessage() for one in caplog.records)
    assert CANARY not in caplog.text


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda one: one.name)
def test_what_is_merely_odd_is_read(target: Target, oddity: Oddity) -> None:
    with connected(target.url) as connection:
        connection.send(oddity.sent)
        answer = connection.answer()
        assert (answer.status, answer.json()) == (200, oddity.result)
        assert_goes_on(connection, answer, closes=oddity.closes)
    target.check()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request("HEAD", ECHO, HOST), 200),
        (request("HEAD", "/nowhere", HOST), 404),
        (request("HEAD", f"{ECHO}?other=1", HOST), 422),
        (request("HEAD", GUARDED, HOST), 401),
        (request("OPTIONS", ECHO, HOST), 204),
    ],
)
def test_an_answer_without_a_body_leaves_the_connection_in_order(
    target: Target, sent: bytes, status: int
) -> None:
    with connected(target.url) as connection:
        connection.send(sent)
        assert connection.answer(to_head=True).status == status
        assert_is_served(connection)


def test_a_refusal_of_head_has_no_body_either(target: Target) -> None:
    with connected(target.url) as connection:
        connection.send(request("HEAD", f"{ECHO}#x", HOST))
        answer = connection.answer(to_head=True)
        assert (answer.status, connection.rest()) == (400, b"")


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_origin_is_let_in(target: Target, method: str) -> None:
    origin = [b"Origin: https://evil.example", b"Access-Control-Request-Method: POST"]
    with connected(target.url) as connection:
        connection.send(request(method, ECHO, HOST, *origin))
        names = {name for name, _ in connection.answer().fields}
    assert not {name for name in names if name.startswith("access-control-")}


ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def crossed(serve: Any) -> Iterator[Any]:
    """A server that lets scripts of one origin in."""
    with serve(ACTIONS, cors_origins=ORIGIN, cors_credentials=True) as app:
        yield app


@pytest.mark.parametrize("asked", [{}, {"Access-Control-Request-Method": "POST"}])
def test_one_origin_is_let_in(crossed: Any, asked: dict[str, str]) -> None:
    method = "OPTIONS" if asked else "GET"
    answer = crossed.client.request(method, ECHO, headers={"Origin": ORIGIN, **asked})
    assert answer.status_code == 200
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "",
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com.evil.example",
        "https://evil.app.example.com",
        "https://app.example.com@evil.example",
        "https://appxexample.com",
        "https://app.example.com/",
        "https://app.example.com https://evil.example",
    ],
)
def test_what_looks_like_that_origin_is_not(crossed: Any, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = crossed.client.options(ECHO, headers=asked)
    assert preflight.status_code == 400
    for answer in (preflight, crossed.get(ECHO, headers={"Origin": origin})):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("header", ["X-Evil", "Content-Type, X-Evil", "*"])
def test_no_other_header_may_be_sent(crossed: Any, header: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": header}
    assert crossed.client.options(ECHO, headers={"Origin": ORIGIN, **asked}).status_code == 400


def test_requests_in_a_row_are_answered_in_a_row(target: Target) -> None:
    sent = [
        get(f"{ECHO}?number=1"),
        post(GUARDED, b'{"text": "%b"}' % (b"a" * 100_000)),
        get("/nowhere"),
        post(ECHO, b'{"number": 4}'),
    ]
    with connected(target.url) as connection:
        connection.send(b"".join(sent))
        answers = [connection.answer() for _ in sent]
    assert [answer.status for answer in answers] == [200, 401, 404, 200]
    assert [answers[n].json()["number"] for n in (0, 3)] == [1, 4]


@pytest.mark.parametrize(
    "bad", [b"nonsense\r\n\r\n", chunked(ECHO, b"nonsense"), get(ECHO, b"X: " + b"x" * 99_999)]
)
def test_good_requests_before_a_bad_one_are_answered(target: Target, bad: bytes) -> None:
    with connected(target.url) as connection:
        connection.send(post(ECHO, b"{}") + post(ECHO, b"{}") + bad + SMUGGLED)
        assert [connection.answer().status for _ in range(2)] == [200, 200]
        answer = connection.answer()
        assert answer.status in {400, 431}
        assert_goes_on(connection, answer, closes=True)


def test_trailers_are_no_headers(target: Target) -> None:
    authorization = target.app.credentials()["Authorization"].encode()
    with connected(target.url) as connection:
        connection.send(chunked(GUARDED, b"0\r\nAuthorization: %b\r\n\r\n" % authorization))
        assert_is_problem(connection.answer(), "unauthorized")


def test_50_mb_are_refused_before_they_are_sent(target: Target) -> None:
    with connected(target.url) as connection:
        connection.send(request("POST", ECHO, HOST, JSON, b"Content-Length: 52428800"))
        answer = connection.answer()
    assert_is_problem(answer, "payload-too-large")
    assert answer.json()["limit"] == 1024 * 1024
    target.check()


def test_a_body_without_an_end_is_refused_while_it_comes(target: Target) -> None:
    with connected(target.url) as connection:
        connection.send(chunked(ECHO, b""))
        for _ in range(17):
            connection.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        assert_is_problem(connection.answer(), "payload-too-large")
    target.check()


def test_slow_callers_are_told_so(serve: Any) -> None:
    with serve(ACTIONS, header_timeout=0.5, body_timeout=0.5) as app:
        for begun in (
            get(ECHO)[:-2],
            get(ECHO)[:9],
            request("POST", ECHO, HOST, JSON, b"Content-Length: 9", body=b"{"),
            chunked(ECHO, b"2\r\n{"),
        ):
            with connected(app.url) as connection:
                connection.send(begun)
                answer = connection.answer()
                assert (answer.status, answer.json()["title"]) == (408, "Request timeout")
        assert app.get(ECHO).status_code == 200


class Heard(logging.Handler):
    """Waits for a word in the log."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word
        self._said = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self._word in record.getMessage():
            self._said.set()

    def __enter__(self) -> Any:
        logging.getLogger().addHandler(self)
        return self._said

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


def test_who_takes_no_answer_is_hung_up_on(serve: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    with serve(ACTIONS, body_timeout=1) as app:
        with connected(app.url) as idle, connected(app.url) as busy, Heard("hung up") as hung_up:
            idle.send(get("/actions/much"))
            assert hung_up.wait(PATIENCE)
            assert len(idle.rest()) < 30_000_000
            busy.send(get("/actions/much"))
            assert len(busy.answer().json()) == 30_000_000
        assert app.get(ECHO).status_code == 200


def test_too_much_at_once_is_refused_and_what_does_not_block_goes_on(serve: Any) -> None:
    released.clear()
    with serve(ACTIONS, threads=2, thread_backlog=1) as app, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(app.get, "/actions/occupy-a-thread") for _ in range(4)]
        [refused], blocked = wait(asked, PATIENCE, FIRST_COMPLETED)
        assert refused.result().status_code == 503
        assert refused.result().headers["retry-after"] == "1"
        assert app.get(ECHO).json() == echoed()
        released.set()
        assert [one.result().json() for one in blocked] == ["done"] * 3


INJECTED = "a%0D%0ASet-Cookie:%20b=c%0D%0A%0D%0A%3Cscript%3E"


@pytest.mark.parametrize(
    ("sent", "status", "name", "value"),
    [
        (f"/actions/answer-with?value={INJECTED}", 200, "x-value", "a Set-Cookie: b=c <script>"),
        ("/actions/answer-with?value=%E2%82%AC%20%C3%A9", 200, "x-value", "? é"),
        (f"/actions/refuse-with?name=X-A&value={INJECTED}", 418, "x-a", None),
        (f"/actions/refuse-with?name={INJECTED}&value=x", 418, "x-request-id", None),
        ("/actions/refuse-with?name=Content-Length&value=1", 418, "content-length", None),
        ("/actions/refuse-with?name=Transfer-Encoding&value=chunked", 418, "content-length", None),
        ("/actions/refuse-with?name=Content-Type&value=text/html", 418, "content-type", None),
    ],
)
def test_no_header_of_an_answer_can_be_injected(
    target: Target, sent: str, status: int, name: str, value: str | None
) -> None:
    with connected(target.url) as connection:
        connection.send(get(sent))
        answer = connection.answer()
        assert_goes_on(connection, answer, closes=False)
    assert answer.status == status
    assert "set-cookie" not in {known for known, _ in answer.fields}
    assert answer.only("content-type").startswith("application/")
    assert value in {None, answer.only(name)}


@pytest.mark.parametrize(
    "offered", [b"<script>alert(1)</script>", b"abcdefgh%0d%0aX:1", b"a" * 200, b"abcdefgh\xff"]
)
def test_an_id_that_is_none_reaches_neither_the_answer_nor_the_log(
    target: Target, offered: bytes, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    with connected(target.url) as connection:
        connection.send(get("/nowhere", b"X-Request-ID: " + offered))
        answer = connection.answer()
        assert_is_served(connection)
    identity = answer.only("x-request-id")
    assert answer.json()["instance"] == f"urn:servey:call:{identity}"
    assert re.fullmatch(r"[0-9a-f]{16}-[0-9]+", identity)
    logged = "".join(str(vars(one)) for one in caplog.records)
    assert offered.decode("latin-1") not in logged
    assert identity in logged


def test_a_line_of_the_log_cannot_be_forged(target: Target, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    with connected(target.url) as connection:
        connection.send(get("/x%0aGET%20/actions/guarded%20200?%0a%1b[2J"))
        connection.answer()
        assert_is_served(connection)
    messages = [one.getMessage() for one in caplog.records if one.name == "servey.access"]
    assert "GET /x%0aGET%20/actions/guarded%20200 404" in messages
    assert not [one for one in messages if not one.isprintable()]


@pytest.mark.parametrize(
    "sent",
    [
        get(GUARDED, f"Authorization: Bearer {CANARY}".encode()),
        get(ECHO, f"Cookie: session={CANARY}".encode(), f"X-Api-Key: {CANARY}".encode()),
        get(f"{ECHO}?token={CANARY}"),
        get(f"{ECHO}?number={CANARY}"),
        post("/actions/log-in", json.dumps({"user": "al", "password": [CANARY]}).encode()),
        post("/actions/log-in", f'{{"user": "al", "password": "{CANARY}'.encode()),
        post("/actions/log-in", json.dumps({"user": "al", "password": CANARY}).encode()),
        post("/debug/login", f"username=al&password={CANARY}x".encode()),
    ],
)
def test_a_secret_is_neither_answered_nor_logged(
    target: Target, sent: bytes, caplog: Any, capfd: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    with connected(target.url) as connection:
        connection.send(sent)
        answer = connection.answer()
    assert CANARY.encode() not in answer.body
    mine = [one for one in caplog.records if not one.exc_info]
    assert CANARY not in "".join(str(vars(one)) for one in mine)
    assert CANARY not in "".join(capfd.readouterr())


def test_hundreds_of_attacks_at_once_do_not_starve_a_caller(target: Target) -> None:
    async def attack(sent: bytes) -> None:
        host, _, port = target.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        await reader.read(1)
        writer.transport.abort()

    async def attack_all() -> None:
        await asyncio.gather(*(attack(one.sent) for one in ATTACKS if len(one.sent) < 99_999))

    attacking = threading.Thread(target=lambda: asyncio.run(attack_all()))
    attacking.start()
    while attacking.is_alive():
        target.check()
    attacking.join()
