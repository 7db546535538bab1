"""What comes in by headers and cookies, where an annotation says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import pytest

from servey_core import (
    WEB_GET,
    WEB_POST,
    ActionError,
    Authorization,
    Cookie,
    File,
    Header,
    Signature,
    WebTrigger,
    action,
    action_of,
)
from servey_web.arguments.headers import in_headers


@dataclass
class Client:
    name: str
    version: int = 0


@action(
    triggers=(WEB_GET, WEB_POST, WebTrigger("PUT", form=True), WebTrigger("GET", "/in/{place}")),
    sync_to_thread=False,
)
def echo(
    place: str = "",
    x_tenant: Annotated[str, Header()] = "",
    days: Annotated[int | None, Header("X-Days")] = None,
    since: Annotated[date | None, Header("X-Since")] = None,
    tags: Annotated[list[int] | None, Header("X-Tags")] = None,
    client: Annotated[Client | None, Header("X-Client")] = None,
    session: Annotated[str, Cookie()] = "",
    theme: Annotated[int | None, Cookie("__Host-theme")] = None,
    text: str = "",
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value}


@action(triggers=(WEB_GET, WEB_POST, WebTrigger("PUT", form=True)))
async def tenant(x_tenant: Annotated[str, Header()], sid: Annotated[str, Cookie()]) -> str:
    return f"{x_tenant} {sid}"


@action(triggers=WEB_POST)
async def upload(photo: File, x_tenant: Annotated[str, Header()], name: str = "") -> list[Any]:
    return [photo.size, x_tenant, name]


ACTIONS = [echo, tenant, upload]

Fields = list[tuple[bytes, bytes]]


def called(app: Any, fields: Fields, method: str = "GET", path: str = "/actions/echo") -> Any:
    return app.client.request(method, path, headers=fields)


def errors_of(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.text
    return [(one["pointer"], one["type"]) for one in response.json()["errors"]]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    ("fields", "arguments"),
    [
        ([(b"X-Tenant", b"007")], {"x_tenant": "007"}),
        ([(b"x-TENANT", b"a b")], {"x_tenant": "a b"}),
        ([(b"X-Tenant", "é".encode())], {"x_tenant": "é"}),
        ([(b"X-Tenant", b"a, b")], {"x_tenant": "a, b"}),
        ([(b"X-Tenant", b"")], {}),
        ([(b"X-Days", b"7")], {"days": 7}),
        ([(b"X-Since", b"2024-02-29")], {"since": "2024-02-29"}),
        ([(b"X-Tags", b"1")], {"tags": [1]}),
        ([(b"X-Tags", b"1, 2 ,,3,")], {"tags": [1, 2, 3]}),
        ([(b"X-Tags", b"1"), (b"X-Tags", b"2,3")], {"tags": [1, 2, 3]}),
        ([(b"X-Client", b'{"name": "a"}')], {"client": {"name": "a", "version": 0}}),
        ([(b"Cookie", b"session=a")], {"session": "a"}),
        ([(b"Cookie", b"a=b; session=c=d; e")], {"session": "c=d"}),
        ([(b"Cookie", b"__Host-theme=2;session=x")], {"theme": 2, "session": "x"}),
        ([(b"Cookie", b"session=a; session=b")], {"session": "a"}),
        ([(b"Cookie", b"a=b"), (b"Cookie", b"session=c")], {"session": "c"}),
        ([(b"Cookie", b'session="a b"')], {"session": '"a b"'}),
        ([(b"Cookie", b"session=%41")], {"session": "%41"}),
        ([(b"Cookie", b"Session=a; =b; session; ;;")], {}),
        ([(b"Cookie", b"other=\xff; session=a")], {"session": "a"}),
        ([(b"X-Tenants", b"a"), (b"Tenant", b"b")], {}),
    ],
)
def test_the_annotation_decides(
    app: Any, method: str, fields: Fields, arguments: dict[str, Any]
) -> None:
    response = called(app, fields, method)
    assert (response.status_code, response.json()) == (200, arguments)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ([(b"X-Days", b"1_0")], [("#/days", "int_parsing")]),
        ([(b"X-Days", b"1"), (b"X-Days", b"2")], [("#/days", "given_twice")]),
        ([(b"X-Tags", b"1, x")], [("#/tags/1", "int_parsing")]),
        ([(b"Cookie", b"__Host-theme=dark")], [("#/theme", "int_parsing")]),
    ],
)
def test_a_bad_one_is_named(app: Any, method: str, fields: Fields, wrong: Any) -> None:
    assert errors_of(called(app, fields, method)) == wrong


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_missing_one_is_named(app: Any, method: str) -> None:
    path = "/actions/tenant"
    missing = [("#/x_tenant", "missing"), ("#/sid", "missing")]
    assert errors_of(called(app, [], method, path)) == missing
    given = [(b"X-Tenant", b"a"), (b"Cookie", b"sid=b")]
    assert called(app, given, method, path).json() == "a b"


@pytest.mark.parametrize(
    "options",
    [
        {"method": "GET", "params": {"x_tenant": "a"}},
        {"method": "POST", "json": {"x_tenant": "a"}},
        {"method": "PUT", "data": {"x_tenant": "a"}},
    ],
)
def test_it_is_found_nowhere_else(app: Any, options: dict[str, Any]) -> None:
    response = app.client.request(url="/actions/echo", **options)
    assert errors_of(response) == [("#/x_tenant", "extra_forbidden")]


def test_everything_that_is_wrong_is_told_at_once(app: Any) -> None:
    response = app.client.post("/actions/echo", json={"text": 1}, headers={"X-Days": "x"})
    assert errors_of(response) == [("#/text", "string_type"), ("#/days", "int_parsing")]
    response = app.get("/in/here?unknown=1", headers={"X-Days": "x"})
    assert errors_of(response) == [("#/unknown", "extra_forbidden"), ("#/days", "int_parsing")]


def test_path_query_and_headers_go_together(app: Any) -> None:
    response = app.get("/in/here?text=a", headers={"X-Tenant": "b"})
    assert response.json() == {"place": "here", "text": "a", "x_tenant": "b"}


def test_files_fields_and_headers_go_together(app: Any) -> None:
    response = app.client.post(
        "/actions/upload", files={"photo": b"abc"}, data={"name": "a"}, headers={"X-Tenant": "b"}
    )
    assert response.json() == [3, "b", "a"]


@pytest.mark.parametrize(
    "fields", [[(b"X-Tenant", b"\xe9")], [(b"Cookie", b"session=\xe9")], [(b"X-Client", b"{")]]
)
def test_what_cannot_be_read_is_a_bad_request(app: Any, fields: Fields) -> None:
    assert called(app, fields).status_code == 400


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (Annotated[str, Header("Authorization")], "Authorization"),
        (Annotated[str, Header("cookie")], r"Cookie\(\.\.\.\)"),
        (Annotated[int, Header("Content-Length")], "connection"),
        (Annotated[str, Header("Host")], "host"),
        (Annotated[str, Header("Content-Type")], "body"),
        (Annotated[str, Header("Accept")], "result"),
        (Annotated[str, Header("X Tenant")], "no name of a header"),
        (Annotated[str, Header("X-Tenant\r\nX")], "no name of a header"),
        (Annotated[str, Cookie("a;b")], "no name of a cookie"),
        (Annotated[list[str], Cookie()], "one text"),
        (Annotated[str, Header] | None, r"Header\(\)"),
        (list[Annotated[str, Header()]], "inside"),
    ],
)
@pytest.mark.parametrize("trigger", [WEB_GET, WEB_POST, WebTrigger("POST", form=True)], ids=str)
def test_a_place_that_cannot_be_is_refused_at_start_up(
    started: Callable[..., Any], trigger: WebTrigger, annotation: Any, reason: str
) -> None:
    async def take(value: Any = None) -> None: ...

    take.__annotations__["value"] = annotation
    runtime = started([action(triggers=trigger)(take)])
    with pytest.raises(ActionError, match=f"'take' .*'value'.*{reason}"):
        runtime.services()


def test_one_header_is_one_argument(started: Callable[..., Any]) -> None:
    @action(triggers=WEB_GET)
    async def take(a: Annotated[str, Header("X-A")], b: Annotated[str, Header("x-a")]) -> None: ...

    with pytest.raises(ActionError, match="two parameters are read from x-a"):
        started([take]).services()


def test_a_path_is_no_header(started: Callable[..., Any]) -> None:
    @action(triggers=WebTrigger("GET", "/{name}"))
    async def take(name: Annotated[str, Header()]) -> None: ...

    with pytest.raises(ActionError, match="'name' stands in the path"):
        started([take]).services()


def test_what_the_result_depends_on_is_known() -> None:
    def signature(function: Any) -> Signature:
        found = action_of(function)
        assert found is not None
        return Signature(found)

    assert in_headers(signature(tenant)).vary == ("x-tenant", "Cookie")
    assert in_headers(signature(upload)).vary == ("x-tenant",)


def test_the_callers_authorization_stays_the_hosts(app: Any) -> None:
    @action
    async def whoami(authorization: Authorization | None = None) -> None: ...

    found = action_of(whoami)
    assert found is not None
    assert not in_headers(Signature(found))
