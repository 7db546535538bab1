"""Problems as RFC 9457 has them, and what they must not tell."""

import asyncio
import logging
from typing import Any

import pytest

from servey_core import WEB_GET, NotFound, ProblemError, action

SECRET = "the-database-password"


class OutOfCredit(ProblemError):  # noqa: N818 - as the core's own problems are named
    """There is not enough credit."""

    status = 402


@action(triggers=WEB_GET)
async def pay() -> None:
    raise OutOfCredit("Your credit is 30.", headers={"X-Credit": "30\r\nX-Evil: 1"}, balance=30)


@action(triggers=WEB_GET)
def find(name: str) -> None:
    raise NotFound(f"There is no {name}.")


@action(triggers=WEB_GET)
async def fail() -> None:
    raise RuntimeError(SECRET)


@action(triggers=WEB_GET)
async def lie() -> int:
    return SECRET  # type: ignore[return-value]


@action(triggers=WEB_GET, timeout=0.01)
async def sleep() -> None:
    await asyncio.Event().wait()


@action(triggers=WEB_GET)
async def nothing() -> None: ...


ACTIONS = [pay, find, fail, lie, sleep, nothing]
SETTINGS = {"env": "production", "jwt_secret_key": "k" * 32, "drain_seconds": 0}


def test_a_problem_of_ones_own(app: Any) -> None:
    response = app.get("/actions/pay")
    assert response.status_code == 402
    assert response.headers["content-type"] == "application/problem+json"
    members = response.json()
    assert members.pop("instance").startswith("urn:servey:call:")
    assert members == {
        "type": "urn:servey:problem:out-of-credit",
        "title": "Out of credit",
        "status": 402,
        "detail": "Your credit is 30.",
        "balance": 30,
    }
    assert response.headers["x-credit"] == "30 X-Evil: 1"
    assert "x-evil" not in response.headers


def test_the_instance_is_the_requests_id(app: Any) -> None:
    response = app.get("/actions/find?name=x", headers={"X-Request-ID": "abcdefgh-1"})
    assert response.json()["instance"] == "urn:servey:call:abcdefgh-1"
    assert response.headers["x-request-id"] == "abcdefgh-1"


@pytest.mark.parametrize("name", ["fail", "lie"])
def test_nothing_internal_leaks(app: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "servey.invoke"):
        response = app.get(f"/actions/{name}")
    assert response.status_code == 500
    assert set(response.json()) == {"type", "title", "status", "instance"}
    assert SECRET not in response.text
    assert "Error" not in response.text.replace("Internal error", "")
    [record] = caplog.records
    assert response.json()["instance"] in record.getMessage()


def test_the_developer_sees_the_reason(serve: Any) -> None:
    with serve([fail]) as app:
        exception = app.get("/actions/fail").json()["exception"]
    assert (exception["type"], exception["message"]) == ("RuntimeError", SECRET)


def test_too_long_is_a_timeout(app: Any) -> None:
    response = app.get("/actions/sleep")
    assert (response.status_code, response.json()["title"]) == (504, "Action timeout")


def test_no_result_is_null(app: Any) -> None:
    response = app.get("/actions/nothing")
    assert (response.status_code, response.content) == (200, b"null")
