"""Problems: one object for every surface (RFC 9457)."""

import json

import pytest

from servey_core import (
    Conflict,
    FieldError,
    InternalError,
    InvalidInput,
    NotFound,
    Problem,
    ProblemError,
    Unauthorized,
    Unavailable,
)


class OutOfStock(Conflict):
    """A user's own."""


class Teapot(ProblemError):  # noqa: N818 - a user's own name
    """With everything set."""

    status = 418
    title = "I'm a teapot"
    type = "https://example.com/problems/teapot"


def test_a_problem_has_the_members_of_the_rfc() -> None:
    problem = Problem.of(NotFound("No book 7."), instance="urn:servey:call:1")
    assert json.loads(problem.to_json()) == {
        "type": "urn:servey:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "No book 7.",
        "instance": "urn:servey:call:1",
    }


@pytest.mark.parametrize(
    ("error", "kind", "title", "status"),
    [
        (OutOfStock(), "urn:servey:problem:out-of-stock", "Out of stock", 409),
        (Teapot(), "https://example.com/problems/teapot", "I'm a teapot", 418),
    ],
)
def test_subclasses_name_themselves(
    error: ProblemError, kind: str, title: str, status: int
) -> None:
    problem = Problem.of(error)
    assert (problem.type, problem.title, problem.status) == (kind, title, status)


def test_extensions_are_members_but_never_hide_the_standard_ones() -> None:
    members = Problem.of(Conflict("Taken.", holder="me", status="x", title="y")).to_dict()
    assert (members["holder"], members["status"], members["title"]) == ("me", 409, "Conflict")


def test_every_bad_field_is_a_member_of_errors() -> None:
    error = InvalidInput(errors=[FieldError("#/a", "Bad.", "int_type")])
    assert Problem.of(error).to_dict()["errors"] == [
        {"pointer": "#/a", "detail": "Bad.", "type": "int_type"}
    ]


def test_a_status_that_is_no_error_is_refused() -> None:
    with pytest.raises(TypeError, match="400 to 599"):
        type("Fine", (ProblemError,), {"status": 200})


def test_headers_go_with_the_problem_and_not_into_it() -> None:
    assert Problem.of(Unauthorized()).headers == {"WWW-Authenticate": "Bearer"}
    problem = Problem.of(Unavailable(retry_after=7))
    assert problem.headers == {"Retry-After": "7"}
    assert b"Retry" not in problem.to_json()


def _raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error):
        return error


@pytest.mark.parametrize("development", [False, True])
def test_the_cause_is_for_the_developer_alone(development: bool) -> None:
    error = InternalError()
    error.__cause__ = _raised(ValueError("canary"))
    text = Problem.of(error, development=development).to_json()
    assert (b"canary" in text) is development
    assert (b"test_problems.py:" in text) is development
