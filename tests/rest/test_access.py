"""Who may: nobody there is 401, somebody who may not is 403."""

from typing import Any

import pytest

from servey_core import (
    ALLOW_NONE,
    WEB_GET,
    WEB_POST,
    Authorization,
    ScopeAccessControl,
    action,
)

SETTINGS = {"max_body_bytes": 1000}


@action(triggers=(WEB_GET, WEB_POST), access_control=ScopeAccessControl("pets:write"))
async def guarded(number: int = 0) -> int:
    return number


@action(triggers=WEB_GET, access_control=ScopeAccessControl("a") | ScopeAccessControl("b"))
async def either() -> None: ...


@action(triggers=WEB_GET, access_control=ALLOW_NONE)
async def nobody() -> None: ...


@action(triggers=WEB_GET)
async def who(authorization: Authorization) -> str | None:
    return authorization.subject


@action(triggers=WEB_GET)
async def who_if_anybody(authorization: Authorization | None) -> str | None:
    return authorization.subject if authorization else None


@action(triggers=WEB_GET)
async def open_to_all() -> str:
    return "hello"


ACTIONS = [guarded, either, nobody, who, who_if_anybody, open_to_all]


@pytest.mark.parametrize("path", ["guarded", "guarded?number=x", "either", "nobody", "who"])
def test_nobody_is_asked_for_credentials(app: Any, path: str) -> None:
    response = app.get(f"/actions/{path}")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["type"] == "urn:servey:problem:unauthorized"


@pytest.mark.parametrize("path", ["guarded", "who", "who-if-anybody", "open-to-all"])
@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_token_that_is_not_valid_is_refused_everywhere(app: Any, path: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode()}
    response = app.get(f"/actions/{path}", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_somebody_without_the_scope_is_told_which(app: Any) -> None:
    response = app.get("/actions/guarded", headers=app.credentials("pets:read"))
    assert response.status_code == 403
    challenge = response.headers["www-authenticate"]
    assert challenge == 'Bearer error="insufficient_scope", scope="pets:write"'
    assert app.get("/actions/nobody", headers=app.credentials("root")).status_code == 403


def test_somebody_with_the_scope_may(app: Any) -> None:
    headers = app.credentials("pets:write")
    assert app.get("/actions/guarded?number=7", headers=headers).json() == 7
    assert app.client.post("/actions/guarded", json={"number": 8}, headers=headers).json() == 8
    assert app.get("/actions/either", headers=app.credentials("b")).content == b"null"


def test_the_decision_comes_before_the_input(app: Any) -> None:
    response = app.post("/actions/guarded", b"nonsense", "text/plain")
    assert response.status_code == 401


def test_the_authorization_is_the_callers(app: Any) -> None:
    headers = app.credentials(subject="bob")
    assert app.get("/actions/who", headers=headers).json() == "bob"
    assert app.get("/actions/who-if-anybody", headers=headers).json() == "bob"
    assert app.get("/actions/who-if-anybody").json() is None


def test_an_authorization_is_never_read_from_the_input(app: Any) -> None:
    response = app.get("/actions/who-if-anybody?authorization[subject]=root")
    assert response.status_code == 422


def test_what_depends_on_the_caller_is_not_kept(app: Any) -> None:
    headers = app.credentials("pets:write")
    for path in ("guarded", "who", "who-if-anybody"):
        response = app.get(f"/actions/{path}", headers=headers)
        assert response.headers["cache-control"] == "no-store"
    assert "cache-control" not in app.get("/actions/open-to-all").headers
