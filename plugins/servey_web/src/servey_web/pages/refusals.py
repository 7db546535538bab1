"""What callers of pages are shown of problems: a page, the way to log in, or JSON."""

from starlette.types import Scope

from servey_core import Problem, ProblemError, Runtime, Unauthorized
from servey_core.problems import PROBLEM_CONTENT_TYPE
from servey_web.caching.freshness import NO_STORE
from servey_web.credentials import has_bearer
from servey_web.direct import Answer
from servey_web.fields import location
from servey_web.pages.problems import ProblemPages
from servey_web.pages.values import wants_block
from servey_web.plans import length_field
from servey_web.responses import RawHeaders, problem_headers
from servey_web.scopes import headers_of
from servey_web.sessions.sessions import Sessions

_SEE_OTHER = 303
_VARY_ACCEPT = (b"vary", b"Accept")
_EMPTY_BODY = (b"content-length", b"0")
_JSON = (b"content-type", PROBLEM_CONTENT_TYPE.encode())


class Refusals:
    """What callers of pages are shown of problems.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._problems = ProblemPages.of(runtime)
        self._sessions = Sessions.of(runtime)

    def in_json(self, scope: Scope) -> bool:
        """Whether a caller is shown JSON, which it has asked for."""
        return not self._problems.wanted(scope, otherwise=True)

    async def answer(self, problem: Problem, error: ProblemError, scope: Scope) -> Answer:
        """The answer to a caller.

        Args:
            problem: The problem.
            error: What it is of.
            scope: The request.
        """
        if self.in_json(scope):
            body = problem.to_json()
            fields = [_JSON, length_field(len(body)), *problem_headers(problem), _VARY_ACCEPT]
            return problem.status, [*fields, *self.fields(scope)], body
        login = self._login_url(error, scope)
        if login is not None and not wants_block(scope):
            return _SEE_OTHER, [location(login), _EMPTY_BODY, *self.fields(scope)], b""
        status, fields, body = await self._problems.answer(problem, scope)
        if login is not None:
            fields.append((b"hx-redirect", location(login)[1]))
        return status, fields, body

    def fields(self, scope: Scope) -> RawHeaders:
        """The header fields of what no cache may keep."""
        visit = self._sessions.visit(scope)
        return [*visit.fields(), *([] if visit.personal else [NO_STORE])]

    def _login_url(self, error: ProblemError, scope: Scope) -> str | None:
        """Where a caller without credentials can get some; None where that is nowhere."""
        if not isinstance(error, Unauthorized) or has_bearer(headers_of(scope)):
            return None
        return self._sessions.login_url(scope)
