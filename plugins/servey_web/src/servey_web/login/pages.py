"""The pages by which a browser logs in, with the debug authenticator's password, and logs out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from starlette.types import Receive, Scope

from servey_core import Authorization, ConfigurationError, Runtime
from servey_web.debug_authenticator import DebugAuthenticator, LoginRefused, TooManyAttempts
from servey_web.direct import Answer
from servey_web.login.endpoints import FormEndpoint, redirect
from servey_web.pages.failures import TemplateFailed
from servey_web.pages.functions import set_request
from servey_web.pages.templates import Templates
from servey_web.pages.values import PageInfo
from servey_web.responses import RawHeaders
from servey_web.sessions.returning import NEXT, home_of, next_in_query, own_target
from servey_web.settings import WebSettings

TEMPLATE = "login.j2"
"""The template of the login page."""

HTML = (b"content-type", b"text/html; charset=utf-8")

_OK, _INVALID, _TOO_MANY = 200, 422, 429


@dataclass(frozen=True, slots=True)
class LoginForm:
    """What the template of the login page knows as `login`; never the password.

    Attributes:
        username: The user's name, as it was sent.
        scopes: The scopes, with spaces between them.
        next: Where to go on; empty for the start of the application.
        error: Why nobody was logged in; empty while nobody tried.
    """

    username: str = ""
    scopes: str = ""
    next: str = ""
    error: str = ""

    @classmethod
    def refused(cls, sent: dict[str, str], error: str) -> Self:
        """The form as it was sent, to be mended."""
        target = own_target(sent.get(NEXT, "")) or ""
        return cls(sent.get("username", ""), sent.get("scope", ""), target, error)


_TYPES = {"page": PageInfo, "authorization": Authorization | None, "login": LoginForm}
"""The types of what the template is rendered with."""


class LoginPage(FormEndpoint):
    """Logs anybody in who knows the debug authenticator's password.

    Args:
        runtime: The application.
        authenticator: What knows the password.

    Raises:
        ConfigurationError: A template of the application's own for it cannot be used.
    """

    def __init__(self, runtime: Runtime, authenticator: DebugAuthenticator) -> None:
        super().__init__(runtime)
        self._authenticator = authenticator
        try:
            self._find = Templates.of(runtime).find(TEMPLATE, _TYPES, sent=True)
        except TemplateFailed as error:
            raise ConfigurationError(f"The login page: {error}") from None
        seconds = runtime.settings.group(WebSettings).session_seconds
        self._lifetime = timedelta(seconds=seconds)

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Show the form, or log in by it."""
        if scope["method"] != "POST":
            return await self._show(scope, _OK, LoginForm(next=next_in_query(scope)))
        sent = await self.sent_form(scope, receive)
        if not (sent.get("username") and sent.get("password")):
            problem = LoginForm.refused(sent, "Fill in a user name and the password.")
            return await self._show(scope, _INVALID, problem)
        visit = self._sessions.visit(scope)
        try:
            visit.start(self._token(sent, scope))
        except TooManyAttempts as error:
            form = LoginForm.refused(sent, f"{error} Try again in {error.retry_after} s.")
            retry = (b"retry-after", b"%d" % error.retry_after)
            return await self._show(scope, _TOO_MANY, form, [retry])
        except (LoginRefused, ValueError) as error:  # so many scopes that no cookie holds them
            return await self._show(scope, _INVALID, LoginForm.refused(sent, str(error)))
        return redirect(own_target(sent.get(NEXT, "")) or home_of(scope), visit)

    def _token(self, sent: dict[str, str], scope: Scope) -> str:
        caller = (scope.get("client") or ("",))[0]
        scopes = sent.get("scope", "").split()
        return self._authenticator.grant(
            sent["username"], sent["password"], scopes, caller, self._lifetime
        )

    async def _show(
        self, scope: Scope, status: int, form: LoginForm, more: RawHeaders | None = None
    ) -> Answer:
        visit = self._sessions.visit(scope)
        set_request(scope)
        values = {"page": PageInfo(scope), "authorization": visit.authorization(), "login": form}
        content = (await self._find().render(values)).encode()
        length = (b"content-length", b"%d" % len(content))
        return status, [HTML, length, *(more or ()), *visit.fields()], content


class Logout(FormEndpoint):
    """Ends the session of the browser that asks for it."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """End the session, and go on."""
        sent = await self.sent_form(scope, receive)
        visit = self._sessions.visit(scope)
        visit.end()
        return redirect(own_target(sent.get(NEXT, "")) or home_of(scope), visit)
