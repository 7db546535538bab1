"""Whose a request is: plain paths, parameters, methods, mounts, conflicts."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from websockets.sync.client import connect

from servey_core import action, action_of
from servey_core.actions import Binding
from servey_core.plugins import Contribution, Plugin
from servey_core.triggers import WEB_GET
from servey_web import WEBSOCKET, RouteConflictError, WebMount, WebRoute, respond_json
from servey_web.host import WebHost

MINE = Plugin("mine", "mine.plugin", "my-distribution")
OTHER = Plugin("other", "other.plugin", "other-distribution")


def says(word):
    async def endpoint(scope, receive, send):
        await respond_json(send, 200, [word, scope.get("path_params"), scope.get("root_path")])

    return endpoint


def host(*records, plugin=MINE):
    return WebHost([Contribution(plugin, record) for record in records])


@pytest.fixture
def client(run_server):
    served = host(
        WebRoute("/", ("GET",), says("root")),
        WebRoute("/books", ("GET", "POST"), says("books")),
        WebRoute("/books/new", ("GET",), says("new")),
        WebRoute("/books/{isbn}", ("GET",), says("book")),
        WebRoute("/books/{name}", ("PUT",), says("put")),
        WebRoute("/books/{isbn}/pages/{page}", ("GET",), says("page")),
        WebRoute("/books/new/pages", ("DELETE",), says("new pages")),
        WebMount("/static", says("static")),
        WebMount("/static/deep", says("deep")),
    )
    with run_server(served).client() as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "word", "parameters"),
    [
        ("GET", "/", "root", None),
        ("POST", "/books", "books", None),
        ("GET", "/books/new", "new", None),
        ("GET", "/books/7", "book", {"isbn": "7"}),
        ("PUT", "/books/7", "put", {"name": "7"}),
        ("GET", "/books/new/pages/3", "page", {"isbn": "new", "page": "3"}),
        ("GET", "/books/a%2Fb", "book", {"isbn": "a/b"}),
        ("GET", "/books/a%20b%2Fc/pages/%2F", "page", {"isbn": "a b/c", "page": "/"}),
        ("GET", "/books/caf%C3%A9", "book", {"isbn": "café"}),
        ("GET", "/static/x", "static", None),
        ("GET", "/static", "static", None),
        ("GET", "/static/deep/x", "deep", None),
    ],
)
def test_a_request_finds_its_endpoint(client, method, path, word, parameters):
    answer = client.request(method, path)
    assert answer.status_code == 200
    assert answer.json()[:2] == [word, parameters]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/books/", "/books/7/", "/books//pages/3", "/books/7/pages", "/staticx"]
)
def test_nothing_there_is_a_problem(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"].startswith("urn:servey:call:")


def test_another_method_is_told_which_there_are(client):
    answer = client.delete("/books")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert client.get("/books/new/pages").status_code == 405


def test_options_tells_them_too(client):
    answer = client.options("/books/7")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, PUT")
    assert answer.content == b""


def test_head_is_get_without_a_body(client):
    answer = client.head("/books/7")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    assert client.head("/books/new/pages").status_code == 405


def test_a_mount_knows_its_root(client):
    assert client.get("/static/deep/x").json()[2] == "/static/deep"


def test_below_a_root_path_the_paths_are_the_same(run_server):
    served = host(WebRoute("/books/{isbn}", ("GET",), says("book")))
    with run_server(served, root_path="/api").client() as client:
        # The server puts the root path in front of what the proxy left.
        assert client.get("/books/a%2Fb").json()[:2] == ["book", {"isbn": "a/b"}]


def test_two_claims_to_one_place_name_both():
    @action(triggers=WEB_GET)
    def mine() -> None: ...

    known = action_of(mine)
    first = WebRoute("/x/{a}", ("GET",), says("1"), (Binding(known, WEB_GET),))
    second = WebRoute("/x/{b}", ("POST", "GET"), says("2"))
    with pytest.raises(RouteConflictError) as caught:
        WebHost([Contribution(MINE, first), Contribution(OTHER, second)])
    message = str(caught.value)
    assert "GET /x/{b}" in message
    assert "'mine'" in message
    assert f"{__file__}:" in message
    assert "other-distribution" in message


def test_two_mounts_at_one_place_name_both():
    with pytest.raises(RouteConflictError, match=r"'mine' and 'other'"):
        WebHost([Contribution(plugin, WebMount("", says("x"))) for plugin in (MINE, OTHER)])


@pytest.mark.parametrize(
    ("path", "methods", "reason"),
    [
        ("x", ("GET",), "slash"),
        ("/x", (), "no methods"),
        ("/{a}/{a}", ("GET",), "two parameters"),
        ("/x{a}", ("GET",), "whole segment"),
        ("/{a b}", ("GET",), "whole segment"),
    ],
)
def test_a_route_refuses_nonsense(path, methods, reason):
    with pytest.raises(ValueError, match=reason):
        WebRoute(path, methods, says("x"))


def test_the_lifespans_of_mounts_are_open_while_the_host_serves():
    seen = []

    @asynccontextmanager
    async def lifespan():
        seen.append("open")
        yield
        seen.append("closed")

    async def main():
        served = host(WebMount("/a", says("a"), lifespan=lifespan))
        to_app, from_app = asyncio.Queue(), asyncio.Queue()
        running = asyncio.ensure_future(served({"type": "lifespan"}, to_app.get, from_app.put))
        await to_app.put({"type": "lifespan.startup"})
        assert (await from_app.get())["type"] == "lifespan.startup.complete"
        assert seen == ["open"]
        await to_app.put({"type": "lifespan.shutdown"})
        assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
        await running

    asyncio.run(main())
    assert seen == ["open", "closed"]


def test_the_host_knows_whose_a_binding_is_and_which_pages_there_are():
    @action(triggers=WEB_GET)
    def mine() -> None: ...

    binding = Binding(action_of(mine), WEB_GET)
    served = WebHost(
        [
            Contribution(MINE, WebRoute("/a", ("GET",), says("a"), (binding,))),
            Contribution(OTHER, WebRoute("/b", ("GET",), says("b"), (binding,))),
            Contribution(OTHER, WebMount("", says("c"), pages=("/docs",))),
        ]
    )
    assert served.owner_of(binding) == "my-distribution, other-distribution"
    assert served.pages == ("/docs",)


def test_a_websocket_finds_its_route_and_else_a_mount(run_server):
    def meets(word):
        async def endpoint(scope, receive, send):
            assert scope["type"] == "websocket"
            await receive()
            await send({"type": "websocket.accept"})
            said = f"{word} {scope.get('path_params')}"
            await send({"type": "websocket.send", "text": said})
            await send({"type": "websocket.close", "code": 1000})

        return endpoint

    served = host(
        WebRoute("/books", ("GET",), says("books")),
        WebRoute("/books", (WEBSOCKET,), meets("book socket")),
        WebRoute("/sockets/{name}", (WEBSOCKET,), meets("socket")),
        WebMount("/sockets", meets("mount")),
    )
    server = run_server(served)
    for path, word in [
        ("/books", "book socket None"),
        ("/sockets/7", "socket {'name': '7'}"),
        ("/sockets/7/8", "mount None"),
    ]:
        with connect(f"ws://127.0.0.1:{server.port}{path}", proxy=None) as connection:
            assert connection.recv(10) == word
    with server.client() as client:
        assert client.get("/books").json()[0] == "books"
        refused = client.delete("/books")
        assert refused.status_code == 405
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_route_of_websockets_has_no_other_methods_and_one_owner():
    with pytest.raises(ValueError, match="websockets has other methods"):
        WebRoute("/a", (WEBSOCKET, "GET"), says("a"))
    with pytest.raises(RouteConflictError, match="WEBSOCKET /a is claimed twice"):
        host(WebRoute("/a", (WEBSOCKET,), says("a")), WebRoute("/a", (WEBSOCKET,), says("b")))


@pytest.mark.parametrize("streams", [True, False])
def test_who_accepts_event_streams_is_answered_by_the_endpoint_that_streams(streams):
    direct = SimpleNamespace(max_body=None)
    served = host(WebRoute("/a", ("GET",), says("a"), direct=direct, streams=streams))
    scope = {"type": "http", "method": "GET", "path": "/a", "headers": []}
    assert served.find_direct(dict(scope)) is direct
    scope["headers"] = [(b"accept", b"text/event-stream")]
    assert served.find_direct(scope) is (None if streams else direct)
