"""The sessions of an application's pages."""

from datetime import timedelta
from typing import cast

from starlette.types import Scope

from servey_core import Authorization, Runtime
from servey_web.belongings import one_of
from servey_web.credentials import authorization_of
from servey_web.scopes import headers_of
from servey_web.sessions.cookies import COOKIE, PageCookie
from servey_web.sessions.places import LOGIN_PATH, LOGOUT_PATH, has_login
from servey_web.sessions.policies import ContentPolicy
from servey_web.sessions.returning import with_return
from servey_web.sessions.visits import Visit, VisitRules
from servey_web.settings import WebSettings

_VISIT = "servey.visit"
_AUTHORIZATION = b"authorization"


class Sessions:
    """The sessions of an application's pages; they count for pages alone.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings.group(WebSettings)
        name = settings.session_cookie.encode("ascii")
        self._authorizer = runtime.authorizer
        self._has_login = has_login(runtime)
        self._rules = VisitRules(
            self._authorizer,
            PageCookie(name),
            PageCookie(name + b"_csrf"),
            ContentPolicy(settings.content_security_policy),
            timedelta(seconds=settings.session_seconds),
        )

    @classmethod
    def of(cls, runtime: Runtime) -> "Sessions":
        """The sessions of an application; there is one of these for each."""
        return one_of(runtime, cls, lambda: cls(runtime))

    def authorization_of(self, scope: Scope) -> Authorization | None:
        """Who sent a request: by its `Authorization` header, else by the cookie of its session.

        Raises:
            Unauthorized: The header's token is not valid; a cookie that is not is nobody's.
        """
        headers = headers_of(scope)
        if _AUTHORIZATION in headers:
            found = authorization_of(scope, self._authorizer)
            if found is not None:
                return found
        return self.visit(scope).authorization() if COOKIE in headers else None

    def visit(self, scope: Scope) -> Visit:
        """The session of a request; the same one each time."""
        visit = scope.get(_VISIT)
        if visit is None:
            visit = scope[_VISIT] = Visit(self._rules, scope)
        return cast("Visit", visit)

    def login_url(self, scope: Scope) -> str | None:
        """Where to log in, to be sent back to where a request was sent; None for nowhere."""
        if not self._has_login:
            return None
        return with_return(f"{scope.get('root_path', '')}{LOGIN_PATH}", scope)

    def logout_url(self, scope: Scope) -> str:
        """Where a form is posted to log out."""
        return f"{scope.get('root_path', '')}{LOGOUT_PATH}"
