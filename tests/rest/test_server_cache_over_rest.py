"""Results that the server keeps, as callers see them."""

import selectors
import threading
from contextlib import ExitStack
from typing import Annotated, Any

import pytest
from raw_http import connected, get
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    Authorization,
    Cookie,
    File,
    NotFound,
    Redirect,
    Response,
    ScopeAccessControl,
    SecureHashCacheControl,
    ServerCache,
    action,
)

runs: list[Any] = []
shared = ["a"]
may_end = threading.Event()


def kept(**options: Any) -> Any:
    return action(**{"triggers": WEB_GET, "server_cache": ServerCache(60), **options})


@kept()
async def later(number: int = 0) -> list[int]:
    runs.append(number)
    return [number, len(runs)]


@kept()
def in_a_thread(number: int = 0) -> list[int]:
    runs.append(number)
    return [number, len(runs)]


@kept(sync_to_thread=False)
def right_away(number: int = 0) -> list[int]:
    runs.append(number)
    return [number, len(runs)]


@kept(access_control=ALLOW_AUTHENTICATED)
async def guarded() -> int:
    runs.append(0)
    return len(runs)


@kept(access_control=ScopeAccessControl("read"))
async def scoped() -> int:
    runs.append(0)
    return len(runs)


@kept()
async def knows_who(authorization: Authorization | None) -> str | None:
    runs.append(0)
    return authorization and authorization.subject


@kept()
async def by_cookie(theme: Annotated[str, Cookie()] = "light") -> str:
    runs.append(0)
    return f"{theme} {len(runs)}"


@kept(cache_control=SecureHashCacheControl(60))
async def named() -> list[int]:
    runs.append(0)
    return [len(runs)]


@kept()
async def mutable() -> list[str]:
    runs.append(0)
    return shared


@kept()
async def fails(how: str) -> int:
    runs.append(0)
    if len(runs) == 1 and how == "problem":
        raise NotFound("Not yet.")
    if len(runs) == 1:
        raise RuntimeError
    return len(runs)


@kept()
async def with_response(response: Response) -> int:
    runs.append(0)
    response.status = 203
    response.headers["X-Run"] = str(len(runs))
    response.set_cookie("session", "secret")
    return len(runs)


@kept()
async def as_file() -> File:
    runs.append(0)
    return File.of(f"run {len(runs)}", filename="a.txt")


@kept()
async def as_redirect() -> Redirect:
    runs.append(0)
    return Redirect(f"/{len(runs)}")


@kept()
def slow(test: int) -> int:
    runs.append("slow")
    assert may_end.wait(PATIENCE)
    return runs.count("slow")


@kept(server_cache=ServerCache(60, max_entries=1))
async def one_at_most(number: int) -> int:
    runs.append(number)
    return len(runs)


ACTIONS = [
    later,
    in_a_thread,
    right_away,
    guarded,
    scoped,
    knows_who,
    by_cookie,
    named,
    mutable,
    fails,
    with_response,
    as_file,
    as_redirect,
    slow,
    one_at_most,
]


@pytest.fixture(autouse=True)
def nothing_has_run() -> None:
    """What one test asks for, no other does: it may be kept."""
    runs.clear()
    may_end.clear()


def test_a_result_is_kept_for_its_arguments(app: Any) -> None:
    for path in ("later", "in-a-thread", "right-away"):
        runs.clear()
        url = f"/actions/{path}"
        found = [app.get(f"{url}?number={number}").json() for number in (1, 2, 1, 2)]
        assert found == [[1, 1], [2, 2], [1, 1], [2, 2]]
        assert app.client.head(f"{url}?number=1").headers["content-length"] == "5"
        assert app.get(url).json() == [0, 3]
        assert app.get(f"{url}?number=0").json() == [0, 4]  # given is not left out


def test_a_guarded_result_is_each_callers_own(app: Any) -> None:
    ann, ben = (app.credentials(subject=name) for name in ("ann", "ben"))
    found = [app.get("/actions/guarded", headers=who).json() for who in (ann, ben, ann, ben)]
    assert found == [1, 2, 1, 2]
    assert app.get("/actions/guarded").status_code == 401


def test_who_may_not_call_is_told_so_though_it_is_kept(app: Any) -> None:
    assert app.get("/actions/scoped", headers=app.credentials("read")).status_code == 200
    assert app.get("/actions/scoped", headers=app.credentials("write")).status_code == 403


def test_a_result_that_knows_its_caller_is_each_callers_own(app: Any) -> None:
    ann, ben = (app.credentials(subject=name) for name in ("ann", "ben"))
    found = [app.get("/actions/knows-who", headers=who).json() for who in (ann, {}, ben, ann)]
    assert found == ["ann", None, "ben", "ann"]


def test_a_cookie_that_the_action_reads_tells_callers_apart(app: Any) -> None:
    found = [
        app.get("/actions/by-cookie", headers={"Cookie": f"theme={theme}; other={number}"}).text
        for number, theme in enumerate(("dark", "light", "dark"))
    ]
    assert found == ['"dark 1"', '"light 2"', '"dark 1"']


def test_a_public_result_is_everybodys(app: Any) -> None:
    for headers in ({}, app.credentials(), app.credentials(subject="ben")):
        assert app.get("/actions/later?number=9", headers=headers).json() == [9, 1]


def test_a_kept_result_has_its_name_and_is_known_again(app: Any) -> None:
    first = app.get("/actions/named")
    headers = {"If-None-Match": first.headers["etag"]}
    assert app.get("/actions/named", headers=headers).status_code == 304
    second = app.get("/actions/named")
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert len(runs) == 1


def test_a_kept_result_stays_as_it_was(app: Any) -> None:
    assert app.get("/actions/mutable").json() == ["a"]
    shared.append("b")
    assert app.get("/actions/mutable").json() == ["a"]


@pytest.mark.parametrize(("how", "status"), [("problem", 404), ("failure", 500)])
def test_what_fails_is_not_kept(app: Any, how: str, status: int) -> None:
    found = [app.get(f"/actions/fails?how={how}").status_code for _ in range(3)]
    assert found == [status, 200, 200]
    assert len(runs) == 2


def test_the_response_is_kept_but_for_its_cookies(app: Any) -> None:
    first, second = (app.get("/actions/with-response") for _ in range(2))
    assert first.status_code == second.status_code == 203
    assert first.headers["x-run"] == second.headers["x-run"] == "1"
    assert first.headers["set-cookie"].startswith("session=secret")
    assert "set-cookie" not in second.headers


def test_files_and_redirects_are_kept(app: Any) -> None:
    for _ in range(3):
        assert app.get("/actions/as-file").text == "run 1"
    for _ in range(3):
        assert app.get("/actions/as-redirect").headers["location"] == "/2"


def test_what_was_not_asked_for_the_longest_goes(app: Any) -> None:
    found = [app.get(f"/actions/one-at-most?number={number}").json() for number in (1, 1, 2, 1)]
    assert found == [1, 1, 2, 3]


def test_calls_at_once_share_one_run(app: Any) -> None:
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        waiting = [stack.enter_context(connected(app.url)) for _ in range(32)]
        for connection in waiting:
            selector.register(connection.socket, selectors.EVENT_READ)
            connection.send(get("/actions/slow?test=1"))
        assert app.get("/actions/later?number=10").status_code == 200  # so that they are under way
        assert not selector.select(0)
        may_end.set()
        assert [connection.answer().json() for connection in waiting] == [1] * 32
    assert runs.count("slow") == 1


def test_who_leaves_takes_no_result_from_the_others(app: Any) -> None:
    with connected(app.url) as staying:
        with connected(app.url) as leaving:
            leaving.send(get("/actions/slow?test=2"))
            staying.send(get("/actions/slow?test=2"))
            assert app.get("/actions/later?number=11").status_code == 200
        may_end.set()
        assert staying.answer().json() >= 1
