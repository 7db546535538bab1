"""A user's own FastAPI routers beside the actions."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    Response,
    UploadFile,
    WebSocket,
)
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from waiting import PATIENCE
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

import servey_web
from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    Authorization,
    ConfigurationError,
    Conflict,
    ScopeAccessControl,
    SettingsError,
    WebTrigger,
    action,
)
from servey_rest import current_authorization, fastapi_app, requires

Caller = Annotated[Authorization | None, Depends(current_authorization)]


class Item(BaseModel):
    name: str
    price: float = 1.0


class Priced(BaseModel):
    price: float


@asynccontextmanager
async def open_shop(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"shop": "open"}


router = APIRouter(prefix="/shop", tags=["shop"], lifespan=open_shop)
noted = threading.Event()


async def tenant(x_tenant: Annotated[str, Header()]) -> str:
    return x_tenant


@router.get("/items/{item_id}", response_model=Priced)
async def read_item(item_id: int) -> Any:
    return {"name": "secret", "price": item_id}


@router.post("/items", status_code=201)
def add_item(
    item: Item, background: BackgroundTasks, owner: Annotated[str, Depends(tenant)]
) -> str:
    background.add_task(noted.set)
    return f"{owner}: {item.name}"


@router.get("/state")
async def state(request: Request) -> str:
    return str(request.state.shop)


@router.get("/teapot")
async def teapot() -> None:
    raise HTTPException(418, {"reason": "short and stout"}, {"X-Lid": "on"})


@router.get("/gone")
async def gone() -> None:
    raise HTTPException(410, "It was here.")


@router.get("/moved")
async def moved() -> None:
    raise HTTPException(303, headers={"Location": "/elsewhere"})


@router.get("/taken")
async def taken() -> None:
    raise Conflict("Somebody has it.", waiting=3)


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("the secret of the house")


@router.get("/endless")
async def endless() -> StreamingResponse:
    async def again() -> AsyncIterator[bytes]:
        while True:
            yield b"again\n"
            await asyncio.sleep(0)

    return StreamingResponse(again(), headers={"X-Kind": "endless"})


@router.get("/me")
async def me(caller: Caller) -> str | None:
    return caller.subject if caller else None


@router.get("/secret", dependencies=[Depends(requires(ScopeAccessControl("read")))])
async def secret() -> str:
    return "secret"


@router.websocket("/echo")
async def echo(websocket: WebSocket, caller: Caller) -> None:
    await websocket.accept()
    name = caller.subject if caller else "nobody"
    await websocket.send_text(f"{name}: {await websocket.receive_text()}")
    raise Conflict("That is enough.")


@router.websocket("/guarded", dependencies=[Depends(requires(ALLOW_AUTHENTICATED))])
async def guarded(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("in")
    await websocket.close()


@action(triggers=WEB_GET)
async def say_hello(name: str) -> str:
    return f"Hello {name}!"


@action(triggers=WebTrigger("DELETE", "/shop/items/{number}"))
async def drop_item(number: int) -> str:
    return f"dropped {number}"


@action(triggers=WebTrigger("POST", "/shop/items/{number}"))
async def renew_item(number: int) -> str:
    return f"renewed {number}"


ACTIONS = [say_hello, drop_item, renew_item]
SETTINGS = {"fastapi_routers": f"{__name__}:router", "max_body_bytes": 1000}


def served_by(**named: APIRouter) -> str:
    """The setting for routers, which are made attributes of this module."""
    globals().update(named)
    return ",".join(f"{__name__}:{name}" for name in named)


def test_routers_stand_beside_actions(app: Any) -> None:
    assert app.get("/actions/say-hello?name=x").json() == "Hello x!"
    assert app.get("/shop/items/7").json() == {"price": 7.0}
    assert app.get("/shop/state").json() == "open"


def test_dependencies_and_background_tasks_work(app: Any) -> None:
    added = app.client.post("/shop/items", json={"name": "tea"}, headers={"X-Tenant": "ann"})
    assert (added.status_code, added.json()) == (201, "ann: tea")
    assert noted.wait(PATIENCE)


def test_the_protections_stand_before_them(app: Any) -> None:
    assert app.get("/shop/items/7").headers["x-content-type-options"] == "nosniff"
    assert app.get("/shop/items/7", headers={"Host": "evil.example"}).status_code == 400
    assert app.post("/shop/items", b" " * 1001).status_code == 413


@pytest.mark.parametrize(
    ("path", "status", "kind", "members"),
    [
        ("/shop/teapot", 418, "i-m-a-teapot", {"reason": "short and stout"}),
        ("/shop/gone", 410, "gone", {"detail": "It was here."}),
        ("/shop/taken", 409, "conflict", {"detail": "Somebody has it.", "waiting": 3}),
        ("/shop/nowhere", 404, "not-found", {}),
        ("/shop/items/7/more", 404, "not-found", {}),
    ],
)
def test_what_goes_wrong_is_a_problem(
    app: Any, path: str, status: int, kind: str, members: dict[str, Any]
) -> None:
    answer = app.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["instance"].endswith(answer.headers["x-request-id"])
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"urn:servey:problem:{kind}"
    rest = {name: one for name, one in problem.items() if name in ("detail", *members)}
    assert rest == members


def test_headers_of_what_is_raised_are_sent(app: Any) -> None:
    assert app.get("/shop/teapot").headers["x-lid"] == "on"
    moved = app.get("/shop/moved")
    assert (moved.status_code, moved.headers["location"], moved.content) == (303, "/elsewhere", b"")


def test_bad_input_is_a_problem_with_each_field(app: Any) -> None:
    answer = app.post("/shop/items", b'{"price": "x"}')
    assert answer.json()["type"] == "urn:servey:problem:invalid-input"
    pointers = {one["pointer"] for one in answer.json()["errors"]}
    assert pointers == {"#/name", "#/price", "#/x-tenant"}


def test_what_nobody_foresaw_is_logged_once_and_shown_to_developers_alone(
    app: Any, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    problem = app.get("/shop/broken").json()
    assert problem["exception"]["message"] == "the secret of the house"
    settings = {**SETTINGS, "env": "production", "jwt_secret_key": "k" * 32}
    with serve(ACTIONS, **settings) as production:
        caplog.clear()
        answer = production.get("/shop/broken")
        [record] = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal error")
    assert "secret" not in answer.text
    assert answer.json()["instance"] in record.getMessage()
    assert record.exc_info


def test_head_is_get_without_a_body(app: Any) -> None:
    with_body, head = app.get("/shop/items/7"), app.client.head("/shop/items/7")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == with_body.headers["content-length"]
    assert app.client.head("/shop/items/x").status_code == 422
    assert app.client.head("/shop/nowhere").status_code == 404


def test_head_of_an_endless_stream_ends(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    request = b"HEAD /shop/endless HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = app.exchange(request)
    assert b"x-kind: endless" in answer.lower()
    assert answer.endswith(b"\r\n\r\n")
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR]


def test_a_stream_is_told_that_nobody_listens(app: Any) -> None:
    sent = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        scope = {"type": "http", "method": "HEAD", "path": "/shop/endless", "headers": []}
        full = {**scope, "http_version": "1.1", "query_string": b"", "asgi": {"version": "3.0"}}
        async with asyncio.timeout(PATIENCE):
            await fastapi_app(app.runtime)(full, asyncio.Event().wait, send)

    asyncio.run(ask())
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_a_path_may_be_shared_with_actions(app: Any) -> None:
    assert app.get("/shop/items/7").json() == {"price": 7.0}
    assert app.client.delete("/shop/items/7").json() == "dropped 7"
    assert app.post("/shop/items/7", b"").json() == "renewed 7"
    allowed = "DELETE, GET, HEAD, OPTIONS, POST"
    refused = app.client.put("/shop/items/7")
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert app.client.options("/shop/items/7").headers["allow"] == allowed


def test_who_calls_is_known(app: Any) -> None:
    assert app.get("/shop/me").json() is None
    assert app.get("/shop/me", headers=app.credentials(subject="ann")).json() == "ann"
    invalid = app.get("/shop/me", headers={"Authorization": "Bearer x"})
    assert invalid.status_code == 401
    assert invalid.headers["www-authenticate"].startswith("Bearer")


def test_access_controls_guard_routes_as_they_do_actions(app: Any) -> None:
    refused = app.get("/shop/secret")
    assert (refused.status_code, refused.json()["title"]) == (401, "Unauthorized")
    assert refused.headers["www-authenticate"].startswith("Bearer")
    forbidden = app.get("/shop/secret", headers=app.credentials("write"))
    assert forbidden.status_code == 403
    challenge = 'Bearer error="insufficient_scope", scope="read"'
    assert forbidden.headers["www-authenticate"] == challenge
    assert app.get("/shop/secret", headers=app.credentials("read")).json() == "secret"


def test_websockets_work_and_know_who_calls(app: Any) -> None:
    url = app.url.replace("http", "ws") + "/shop/echo"
    with connect(url, additional_headers=app.credentials(subject="ann")) as socket:
        socket.send("hello")
        assert socket.recv(PATIENCE) == "ann: hello"
        with pytest.raises(ConnectionClosedError) as closed:
            socket.recv(PATIENCE)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "Conflict")


def test_a_websocket_is_refused_with_a_problem(app: Any) -> None:
    url = app.url.replace("http", "ws") + "/shop/guarded"
    with pytest.raises(InvalidStatus) as refused:
        connect(url)
    answer = refused.value.response
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body or b"")["status"] == 401
    with connect(url, additional_headers=app.credentials()) as socket:
        assert socket.recv(PATIENCE) == "in"


def test_files_are_uploaded(serve: Any) -> None:
    uploads = APIRouter()

    @uploads.post("/files")
    async def upload(file: UploadFile) -> list[Any]:
        return [file.filename, len(await file.read())]

    with serve([], fastapi_routers=served_by(uploads=uploads)) as app:
        answer = app.client.post("/files", files={"file": ("a.txt", b"1234")})
        assert answer.json() == ["a.txt", 4]


def test_a_router_that_is_included_by_another_has_both_prefixes(serve: Any, started: Any) -> None:
    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")

    @inner.get("/{name}")
    async def named(name: str) -> str:
        return name

    outer.include_router(inner)

    @action(triggers=WebTrigger("POST", "/outer/inner/{word}"))
    async def post_word(word: str) -> str:
        return f"posted {word}"

    with serve([post_word], fastapi_routers=served_by(outer=outer)) as app:
        assert app.get("/outer/inner/x").json() == "x"
        assert app.post("/outer/inner/x", b"").json() == "posted x"


def test_parameters_that_the_hosts_table_cannot_have_are_found(serve: Any) -> None:
    odd = APIRouter()

    @odd.get("/files/{path:path}")
    async def file(path: str) -> str:
        return path

    @odd.get("/numbers/{number:int}")
    async def number(number: int) -> int:
        return number

    @odd.get("/numbers/x-{word}")
    async def word(word: str) -> str:
        return word

    @action(triggers=(WebTrigger("PUT", "/files/{name}"), WebTrigger("PUT", "/files/all")))
    async def put_file(name: str = "all") -> str:
        return f"put {name}"

    @action(triggers=WebTrigger("PUT", "/numbers/{name}"))
    async def put_number(name: str) -> str:
        return f"put {name}"

    with serve([put_file, put_number], fastapi_routers=served_by(odd=odd)) as app:
        assert app.get("/files/a").json() == "a"
        assert app.get("/files/all").json() == "all"
        assert app.get("/files/a/b").json() == "a/b"
        assert app.client.put("/files/a").json() == "put a"
        assert app.client.put("/files/all").json() == "put all"
        assert app.get("/numbers/7").json() == 7
        assert app.get("/numbers/x-y").json() == "y"
        assert app.client.put("/numbers/7").json() == "put 7"


def test_a_routers_plain_path_goes_before_an_actions_parameter(serve: Any) -> None:
    plain = APIRouter()

    @plain.delete("/shop/items/all")
    async def drop_all() -> str:
        return "dropped all"

    with serve([drop_item], fastapi_routers=served_by(plain=plain)) as app:
        assert app.client.delete("/shop/items/all").json() == "dropped all"
        assert app.client.delete("/shop/items/7").json() == "dropped 7"


@pytest.mark.parametrize(
    "path", ["/shop/items/{item_id}", "/shop/items/{item_id:int}", "/shop/items/x-{item_id}"]
)
def test_a_route_that_an_action_leaves_no_room_for_names_both(started: Any, path: str) -> None:
    hidden = APIRouter()

    @hidden.delete(path)
    async def drop_it(item_id: str) -> None: ...

    runtime = started([drop_item], fastapi_routers=served_by(hidden=hidden))
    with pytest.raises(servey_web.RouteConflictError) as caught:
        servey_web.create_app(runtime)
    text = str(caught.value)
    assert text.startswith(f"DELETE {path} is claimed twice: by action 'drop_item' (")
    assert "drop_it (" in text
    assert text.count("test_routers.py:") == 2
    with pytest.raises(servey_web.RouteConflictError):
        fastapi_app(runtime)


def test_two_routers_that_claim_one_place_are_named(started: Any) -> None:
    first, second = APIRouter(), APIRouter(prefix="/a")

    @first.api_route("/a/{b}", methods=["PUT", "GET"])
    async def one(b: str) -> None: ...

    @second.get("/{c}")
    async def other(c: str) -> None: ...

    runtime = started([], fastapi_routers=served_by(first=first, second=second))
    with pytest.raises(servey_web.RouteConflictError, match=r"GET /a/{c} .*one \(.*other \("):
        servey_web.create_app(runtime)


def test_the_documents_own_pages_are_not_hidden(started: Any) -> None:
    @action(triggers=WebTrigger("GET", "/docs"))
    async def docs() -> None: ...

    with pytest.raises(servey_web.RouteConflictError, match="GET /docs"):
        servey_web.create_app(started([docs]))
    servey_web.create_app(started([docs], docs=False))


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("router", "'router' is no module:attribute, such as myapp.api:router."),
        ("nowhere.api:router", "there is no module 'nowhere'."),
        (f"{__name__}:ruoter", "'ruoter' of {file} is not there. Did you mean 'router'?"),
        (f"{__name__}:Item", "'Item' of {file} is <class '{module}.Item'>, no APIRouter. "),
        ("json:router", "'router' of {json} is not there. There is no APIRouter in it."),
    ],
)
def test_a_wrong_setting_says_what_is_there(started: Any, reference: str, reason: str) -> None:
    expected = reason.format(file=__file__, module=__name__, json=json.__file__)
    with pytest.raises(SettingsError) as caught:
        servey_web.create_app(started([], fastapi_routers=reference))
    assert str(caught.value).startswith(f"SERVEY_FASTAPI_ROUTERS: {expected}")


def test_a_module_that_fails_says_where(started: Any, workplace: Any) -> None:
    workplace.write("my_api.py", "x = 1\nraise ValueError('no')\n")
    with pytest.raises(SettingsError, match=r"'my_api' .*ValueError\('no'\) \(.*my_api.py:2\)"):
        servey_web.create_app(started([], fastapi_routers="my_api:router"))


def test_the_dependency_says_where_it_works() -> None:
    elsewhere = FastAPI()
    elsewhere.include_router(router)

    async def ask() -> None:
        transport = httpx.ASGITransport(elsewhere)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/shop/me")

    with pytest.raises(ConfigurationError, match="SERVEY_FASTAPI_ROUTERS"):
        asyncio.run(ask())


def test_the_page_has_the_hooks_exact_signature(hook_page: Any) -> None:
    from servey_rest import hookspecs

    declared = hook_page.signatures_in(hookspecs)
    assert list(declared) == ["servey_fastapi_routers"]
    assert declared["servey_fastapi_routers"] == hook_page.signatures["servey_fastapi_routers"]
    assert "Called by" in str(hookspecs.servey_fastapi_routers.__doc__)


def test_servey_fastapi_routers(serve: Any, workplace: Any, hook_page: Any) -> None:
    workplace.write("my_routers.py", hook_page.example("my_routers"))
    with serve([say_hello], plugin_modules="my_routers") as app:
        assert app.get("/names").json() == ["say_hello"]


def test_something_else_than_a_router_names_the_plugin(started: Any, workplace: Any) -> None:
    text = """
        from servey_core import hookimpl

        @hookimpl
        def servey_fastapi_routers():
            return [7]
    """
    workplace.write("my_routers.py", text)
    with pytest.raises(ConfigurationError, match=r"'my_routers'.*returned 7, where APIRouter is"):
        servey_web.create_app(started([], plugin_modules="my_routers"))


def test_the_console_lists_routes_of_routers(started: Any) -> None:
    service: Any = started(ACTIONS, **SETTINGS).services()["web"].record
    routes = {
        (one.record.path, getattr(one.record, "methods", ())) for one in service.host.contributions
    }
    assert ("/shop/items/{item_id}", ("GET",)) in routes or (
        "/shop/items/{number}",
        ("GET",),
    ) in routes
    assert ("/shop/teapot", ("GET",)) in routes


def test_a_response_may_be_anything(serve: Any) -> None:
    plain = APIRouter()

    @plain.get("/plain")
    async def text() -> Response:
        return Response("text", media_type="text/plain", headers={"X-Frame-Options": "SAMEORIGIN"})

    with serve([], fastapi_routers=served_by(plain=plain)) as app:
        answer = app.get("/plain")
        assert answer.text == "text"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
