"""What FastAPI's own routes refuse, and what they raise, as problems."""

from collections.abc import Mapping
from http.client import responses
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketClose, WebSocketState

from servey_core import FieldError, InvalidInput, Problem, ProblemError
from servey_core.errors import PROBLEM_TYPE_PREFIX, json_pointer
from servey_core.naming import kebab_case
from servey_core.problems import PROBLEM_CONTENT_TYPE
from servey_web import instance_of, raw_headers

_POLICY_VIOLATION = 1008
_BY_STATUS = {
    kind.status: kind
    for kind in reversed(ProblemError.__subclasses__())  # of one status, the first that there was
    if kind.__module__ == ProblemError.__module__
}
_DENIAL = "websocket.http.response"


async def _of_problem(connection: HTTPConnection, error: Exception) -> ASGIApp:
    """A problem of ours."""
    assert isinstance(error, ProblemError)  # noqa: S101 - it is registered for these
    return _answer(Problem.of(error, instance=instance_of(connection.scope)), connection)


async def _of_validation(connection: HTTPConnection, error: Exception) -> ASGIApp:
    """What does not fit a route's parameters; a location begins with where the parameter stood."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for these
    errors = [
        FieldError(json_pointer(entry["loc"][1:]), str(entry["msg"]), str(entry["type"]))
        for entry in error.errors()
    ]
    return await _of_problem(connection, InvalidInput(errors=errors))


async def _of_http(connection: HTTPConnection, error: Exception) -> ASGIApp:
    """What FastAPI's users raise; an object as its detail gives the problem its own members."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    if not is_body_allowed_for_status_code(error.status_code) or error.status_code < 400:  # noqa: PLR2004
        return Response(status_code=error.status_code, headers=error.headers)
    phrase = responses.get(error.status_code, "Problem")
    detail: Any = error.detail
    members = dict(detail) if isinstance(detail, Mapping) else None
    ours = _BY_STATUS.get(error.status_code)
    problem = Problem(
        type=ours.type if ours else PROBLEM_TYPE_PREFIX + kebab_case(phrase),
        title=ours.title if ours else phrase.capitalize(),
        status=error.status_code,
        detail="" if members is not None or detail in (None, phrase) else str(detail),
        instance=instance_of(connection.scope),
        extensions=members or {},
        headers=error.headers or {},
    )
    return _answer(problem, connection)


def _answer(problem: Problem, connection: HTTPConnection) -> ASGIApp:
    if isinstance(connection, WebSocket):
        waiting = connection.application_state is WebSocketState.CONNECTING
        if not waiting or _DENIAL not in connection.scope.get("extensions", {}):
            return WebSocketClose(_POLICY_VIOLATION, problem.title)
    answer = Response(problem.to_json(), problem.status, media_type=PROBLEM_CONTENT_TYPE)
    answer.raw_headers += raw_headers(problem.headers)
    return answer


HANDLERS: dict[int | type[Exception], Any] = {
    HTTPException: _of_http,
    RequestValidationError: _of_validation,
    ProblemError: _of_problem,
}
"""What answers each kind of exception, for FastAPI."""
