"""H4: how a server starts, drains and ends."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from socket import IPPROTO_TCP, TCP_NODELAY

import pytest
import uvloop
from waiting import PATIENCE

from servey_core.errors import ServiceError, SettingsError
from servey_core.services import ServiceContext
from servey_core.serving import loop_factory
from servey_core.settings import CoreSettings
from servey_web.health import READYZ, Readiness
from servey_web.lifecycle import Lifecycle
from servey_web.responses import respond_bytes
from servey_web.server import serve
from servey_web.settings import WebSettings
from servey_web.sockets import open_sockets


class Held:
    """An application whose requests wait, and that is asked whether it is ready."""

    def __init__(self, lifecycle: Lifecycle | None = None) -> None:
        self.arrived = threading.Event()
        self.release = asyncio.Event()
        self.ready: Readiness | None = None

    async def __call__(self, scope, receive, send):
        if scope["path"] == READYZ:
            await self.ready(scope, receive, send)
            return
        self.arrived.set()
        await self.release.wait()
        await respond_bytes(send, 200, b"text/plain", b"done")


@pytest.fixture
def held(run_server):
    app = Held()
    core = CoreSettings(grace_seconds=4)
    server = run_server(app, core=core, drain_seconds=2)
    app.ready = Readiness(server.lifecycle)
    return app, server


def test_a_stop_says_so_and_lets_what_is_under_way_finish(held) -> None:
    app, server = held
    with server.client() as client, ThreadPoolExecutor() as pool:
        assert client.get(READYZ).json() == {"status": "ready", "checks": {}}
        under_way = pool.submit(client.get, "/")
        assert app.arrived.wait(PATIENCE)
        server.ask_to_stop()
        while (draining := client.get(READYZ)).is_success:
            pass  # the request overtook the stop
        server.call(app.release.set)
        assert under_way.result().text == "done"
    assert draining.status_code == 503
    assert draining.json()["status"] == "draining"
    server.ended.result(PATIENCE)
    with pytest.raises(ConnectionRefusedError):
        server.connect()


def test_a_hung_request_is_cut_with_a_503_and_the_server_ends(run_server) -> None:
    app = Held()
    server = run_server(app, core=CoreSettings(grace_seconds=0.5))
    with server.client() as client, ThreadPoolExecutor() as pool:
        under_way = pool.submit(client.get, "/")
        assert app.arrived.wait(PATIENCE)
        server.ask_to_stop()
        server.ended.result(PATIENCE)
        answer = under_way.result()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_application_that_does_not_start_is_an_error() -> None:
    async def broken(scope, receive, send):
        raise RuntimeError("no database")

    async def run() -> None:
        sockets = open_sockets("127.0.0.1", 0)
        await serve(
            broken,
            ServiceContext(asyncio.Event(), 1, sockets),
            core=CoreSettings(),
            settings=WebSettings(),
            lifecycle=Lifecycle(),
        )

    with pytest.raises(ServiceError, match="did not start"):
        asyncio.run(run())


def test_a_port_that_is_taken_is_named() -> None:
    [first] = open_sockets("127.0.0.1", 0)
    with first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}.*SERVEY_PORT"):
            open_sockets("127.0.0.1", port)


def test_localhost_is_one_port_on_every_address() -> None:
    sockets = open_sockets("localhost", 0)
    try:
        assert len({one.getsockname()[1] for one in sockets}) == 1
    finally:
        for one in sockets:
            one.close()


def test_what_is_written_is_sent_at_once() -> None:
    async def accepted() -> int:
        [listening] = open_sockets("127.0.0.1", 0)
        arrived = asyncio.get_running_loop().create_future()
        server = await asyncio.start_server(
            lambda _, writer: arrived.set_result(writer), sock=listening
        )
        async with server:
            _, ours = await asyncio.open_connection(*listening.getsockname())
            theirs = await arrived
            option = theirs.get_extra_info("socket").getsockopt(IPPROTO_TCP, TCP_NODELAY)
            ours.close()
            theirs.close()
            await asyncio.gather(ours.wait_closed(), theirs.wait_closed())
        return option

    assert asyncio.run(accepted())


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_a_host_that_is_not_here_is_named(host) -> None:
    with pytest.raises(SettingsError, match=f"{host}:0.*SERVEY_HOST"):
        open_sockets(host, 0)


def test_the_loop_is_uvloop_where_it_is_installed():
    assert loop_factory("auto") is loop_factory("uvloop") is uvloop.new_event_loop
