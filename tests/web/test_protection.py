"""What every request goes through: the gate, the ids, the headers, other origins, the limits."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from waiting import PATIENCE

from servey_core.errors import NotFound
from servey_core.settings import CoreSettings
from servey_web.health import LIVEZ
from servey_web.responses import respond_bytes
from servey_web.scopes import leave_count


async def hello(scope, receive, send):
    await respond_bytes(send, 200, b"text/plain", b"hello")


def test_every_response_has_the_security_headers_once(run_server) -> None:
    with run_server(hello, hsts_seconds=60).client() as client:
        headers = client.get("/").headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["strict-transport-security"] == "max-age=60"
    assert "server" not in headers


def test_a_response_may_bring_its_own(run_server) -> None:
    async def own(scope, receive, send):
        headers = [(b"x-frame-options", b"SAMEORIGIN")]
        await respond_bytes(send, 200, b"text/html", b"", headers)

    with run_server(own).client() as client:
        headers = client.get("/").headers
    assert headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("offered", ["short", "x" * 200, "a b c d e f g h", "<script>alert"])
def test_a_dubious_request_id_is_replaced(run_server, offered) -> None:
    with run_server(hello).client() as client:
        answers = [client.get("/", headers={"X-Request-ID": offered}) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert offered not in ids


def test_a_good_request_id_is_kept_and_names_the_problem(run_server) -> None:
    async def missing(scope, receive, send):
        raise NotFound("Nothing here.")

    with run_server(missing).client() as client:
        answer = client.get("/", headers={"X-Request-ID": "trace-12345678"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "trace-12345678"
    assert answer.json()["instance"] == "urn:servey:call:trace-12345678"


@pytest.mark.parametrize(("env", "shown"), [("development", True), ("production", False)])
def test_an_unforeseen_error_is_a_problem_and_is_logged(run_server, caplog, env, shown) -> None:
    async def broken(scope, receive, send):
        raise ZeroDivisionError("secret-canary")

    with run_server(broken, core=CoreSettings(env=env)).client() as client:
        answer = client.get("/")
    assert answer.status_code == 500
    assert ("secret-canary" in answer.text) is shown
    [record] = [one for one in caplog.records if one.name == "servey.web"]
    assert answer.json()["instance"] in record.getMessage()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a b", "127.0.0.2"])
def test_another_host_is_refused(run_server, host) -> None:
    with run_server(hello).client() as client:
        answer = client.get("/", headers={"Host": host})
        alive = client.get("/", headers={"Host": "localhost:1234"})
    assert answer.status_code == 400
    assert alive.status_code == 200


def test_a_request_without_a_host_is_refused(run_server) -> None:
    answer = run_server(hello).exchange(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_two_hosts_are_refused(run_server) -> None:
    answer = run_server(hello).exchange(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_websocket_to_another_host_is_refused(run_server) -> None:
    async def accept(scope, receive, send):
        await send({"type": "websocket.accept"})

    answer = run_server(accept).exchange(
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 403 ")


ORIGIN = "https://app.example.com"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


def test_other_origins_are_not_allowed_by_default(run_server) -> None:
    with run_server(hello).client() as client:
        answers = (
            client.get("/", headers={"Origin": ORIGIN}),
            client.options("/", headers=PREFLIGHT),
        )
    assert not any("access-control-allow-origin" in answer.headers for answer in answers)


def test_a_configured_origin_is_allowed_even_to_read_a_refusal(run_server) -> None:
    with run_server(hello, cors_origins=ORIGIN).client() as client:
        preflight = client.options("/", headers=PREFLIGHT)
        stranger = client.get("/", headers={"Origin": "https://evil.example"})
        refused = client.get("/", headers={"Origin": ORIGIN, "Host": "evil.example"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in stranger.headers
    assert refused.status_code == 400
    assert refused.headers["access-control-allow-origin"] == ORIGIN


def test_what_is_too_much_at_once_is_refused_and_health_is_not(run_server) -> None:
    arrived = asyncio.Semaphore(0)
    release = asyncio.Event()

    async def busy(scope, receive, send):
        if scope["path"] != LIVEZ:
            arrived.release()
            await release.wait()
        await hello(scope, receive, send)

    server = run_server(busy, max_concurrency=10, retry_after=7)

    async def full() -> None:
        for _ in range(10):
            await arrived.acquire()

    with server.client() as client, ThreadPoolExecutor(10) as pool:
        held = [pool.submit(client.get, "/") for _ in range(10)]
        asyncio.run_coroutine_threadsafe(full(), server.loop).result(PATIENCE)
        refused = client.get("/")
        alive = client.get(LIVEZ)
        server.call(release.set)
        statuses = [one.result().status_code for one in held]
        after = client.get("/")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "7"
    assert refused.headers["content-type"] == "application/problem+json"
    assert alive.status_code == after.status_code == 200
    assert statuses == [200] * 10


def test_what_leaves_the_count_takes_no_room_and_leaves_once(run_server) -> None:
    arrived = asyncio.Semaphore(0)
    release = asyncio.Event()

    async def listening(scope, receive, send):
        if scope["path"] == "/listen":
            leave_count(scope)
            leave_count(scope)
        if scope["path"] != "/":
            arrived.release()
            await release.wait()
        await hello(scope, receive, send)

    server = run_server(listening, max_concurrency=2)

    async def full(number: int) -> None:
        for _ in range(number):
            await arrived.acquire()

    with server.client() as client, ThreadPoolExecutor(10) as pool:
        held = [pool.submit(client.get, "/listen") for _ in range(5)]
        asyncio.run_coroutine_threadsafe(full(5), server.loop).result(PATIENCE)
        assert client.get("/").status_code == 200
        held += [pool.submit(client.get, "/counted") for _ in range(2)]
        asyncio.run_coroutine_threadsafe(full(2), server.loop).result(PATIENCE)
        assert client.get("/").status_code == 503
        server.call(release.set)
        assert [one.result().status_code for one in held] == [200] * 7
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("trusted", "client"), [("127.0.0.1", "9.9.9.9"), ("10.0.0.1", "127.0.0.1")]
)
def test_only_a_trusted_proxy_is_believed(run_server, trusted, client) -> None:
    async def who(scope, receive, send):
        await respond_bytes(send, 200, b"text/plain", scope["client"][0].encode())

    with run_server(who, forwarded_allow_ips=trusted).client() as caller:
        assert caller.get("/", headers={"X-Forwarded-For": "9.9.9.9"}).text == client


def logged(server, caplog, path):
    """What the access log says of requests for a path; it comes after the answer."""
    server.ask_to_stop()
    server.ended.result(PATIENCE)
    records = [one for one in caplog.records if one.name == "servey.access"]
    return [one for one in records if vars(one)["path"] == path]


@pytest.mark.parametrize(
    ("trusted", "client"), [("127.0.0.1", "9.9.9.9"), ("10.0.0.1", "127.0.0.1")]
)
def test_the_access_log_has_the_caller_behind_a_proxy_who_is_refused(
    run_server, caplog, trusted, client
) -> None:
    caplog.set_level(logging.INFO)
    server = run_server(hello, forwarded_allow_ips=trusted)
    with server.client() as caller:
        headers = {"X-Forwarded-For": "9.9.9.9", "Host": "elsewhere.example"}
        assert caller.get("/proxied", headers=headers).status_code == 400
    [record] = logged(server, caplog, "/proxied")
    assert vars(record)["client"] == client


def test_the_access_log_has_what_is_needed_and_no_secret(run_server, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "whsec_canary"
    headers = {"Authorization": f"Bearer {canary}", "Cookie": canary, "X-Api-Key": canary}
    server = run_server(hello)
    with server.client() as client:
        answer = client.post(f"/a%0Ab?token={canary}", headers=headers, json={"password": canary})
    [record] = logged(server, caplog, "/a%0Ab")
    assert record.getMessage() == "POST /a%0Ab 200"
    fields = vars(record)
    assert fields["status"] == 200
    assert fields["bytes"] == 5
    assert fields["client"] == "127.0.0.1"
    assert fields["duration_ms"] >= 0
    assert fields["request_id"] == answer.headers["x-request-id"]
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert not [one for one in ours if canary in f"{one.getMessage()} {vars(one)}"]


def test_the_access_log_may_be_off(run_server, caplog) -> None:
    caplog.set_level(logging.INFO)
    server = run_server(hello, access_log=False)
    with server.client() as client:
        client.get("/unlogged")
    assert not logged(server, caplog, "/unlogged")
