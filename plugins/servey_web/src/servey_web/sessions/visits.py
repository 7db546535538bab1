"""One request's session: who its cookie says that it is, and what its page needs of that.

It looks at the request as late as it can, for most pages need nothing of it.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from secrets import token_urlsafe

from starlette.types import Scope

from servey_core import Authorization, Authorizer, Response, Unauthorized
from servey_web.arguments.queries import Pairs
from servey_web.caching.freshness import NO_STORE
from servey_web.credentials import has_bearer
from servey_web.fields import replaced
from servey_web.responses import RawHeaders
from servey_web.scopes import headers_of
from servey_web.sessions.cookies import COOKIE, PageCookie
from servey_web.sessions.csrf import (
    FIELD,
    HEADER,
    FormRefused,
    check_origin,
    is_token_of,
    new_token,
)
from servey_web.sessions.policies import ContentPolicy

_VARY = (b"vary", b"Cookie")
_SECRET_BYTES = 32
_NONCE_BYTES = 16
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class VisitRules:
    """What the visits of an application have in common.

    Attributes:
        authorizer: What reads tokens.
        session: The cookie that holds a token.
        visitor: The cookie that holds the secret of forms of those without a session.
        policy: What pages may load.
        lifetime: For how long a session lasts that says nothing of that.
    """

    authorizer: Authorizer
    session: PageCookie
    visitor: PageCookie
    policy: ContentPolicy
    lifetime: timedelta

    def read(self, token: str) -> Authorization | None:
        """Whose a session's token is; None for one that is not valid."""
        try:
            return self.authorizer.authorize(token) if token else None
        except Unauthorized:
            return None

    def issue(self, authorization: Authorization) -> str:
        """A token for a session.

        Raises:
            ConfigurationError: The authorizer issues none.
        """
        if authorization.expires_at is None:
            authorization = replace(authorization, expires_at=datetime.now(UTC) + self.lifetime)
        return self.authorizer.issue(authorization)


class Visit:
    """One request's session.

    Args:
        rules: What all visits have in common.
        scope: The request.
    """

    __slots__ = (
        "_authorization",
        "_cookies",
        "_looked",
        "_nonce",
        "_personal",
        "_rules",
        "_scope",
        "_secret",
        "_token",
    )

    def __init__(self, rules: VisitRules, scope: Scope) -> None:
        self._rules = rules
        self._scope = scope
        self._looked = self._personal = False
        self._authorization: Authorization | None = None
        self._secret: str | None = None
        self._token: str | None = None
        self._nonce: str | None = None
        self._cookies: dict[PageCookie, tuple[bytes, bytes]] = {}

    @property
    def personal(self) -> bool:
        """Whether the page is for this one browser, and no cache may keep it."""
        return self._personal

    def authorization(self) -> Authorization | None:
        """Who the session's cookie says that it is; a cookie that is not valid is nobody's."""
        if not self._looked:
            self._look()
        return self._authorization

    def csrf_token(self) -> str:
        """The token for the forms of the page."""
        if self._token is None:
            self._personal = True
            self._token = new_token(self._own_secret() or self._new_secret())
        return self._token

    def check_csrf(self, fields: Pairs) -> Pairs:
        """Refuse a form that no page of this host has sent.

        A program that says who it is by a token, and sends no cookies, needs none of forms: no
        page can make a browser do that.

        Args:
            fields: The form's names and texts.

        Returns:
            The fields without the token.

        Raises:
            FormRefused: It comes from elsewhere, has no token, or that of another session.
        """
        headers = headers_of(self._scope)
        tokens = [text for name, text in fields if name == FIELD]
        if COOKIE in headers or not has_bearer(headers):
            check_origin(self._scope)
            if HEADER in headers:
                tokens = [headers[HEADER].decode("latin-1")]
            self._check_token(tokens)
        return [pair for pair in fields if pair[0] != FIELD]

    def csp_nonce(self) -> str:
        """The nonce by which scripts and styles that stand in the page are let run."""
        if self._nonce is None:
            self._personal = True
            self._nonce = token_urlsafe(_NONCE_BYTES)
        return self._nonce

    def follow(self, response: Response | None) -> None:
        """Start or end the session, as an action said; before its page is made.

        Raises:
            ValueError: The token that the action gave is not valid, or no browser would keep it.
            ConfigurationError: It gave none, and the authorizer issues none.
        """
        if response is None or response.session is None:
            return
        if not response.session:
            self.end()
        elif isinstance(response.session, str):
            self.start(response.session)
        else:
            self.start(self._rules.issue(response.session))

    def start(self, token: str) -> None:
        """Start a session: the browser is known by a token from now on, until that expires.

        Raises:
            ValueError: The token is not valid, or no browser would keep it.
        """
        try:
            authorization = self._rules.authorizer.authorize(token)
        except Unauthorized as error:
            raise ValueError(f"The token for a session is not accepted: {error}") from error
        age = None
        if (until := authorization.expires_at) is not None:
            age = max(0, ceil((until - datetime.now(UTC)).total_seconds()))
        cookie = self._rules.session.written(self._scope, token, age)
        self._become(authorization, token)
        self._cookies[self._rules.session] = cookie
        self._cookies[self._rules.visitor] = self._rules.visitor.forgotten(self._scope)

    def end(self) -> None:
        """End the session: the browser is not known any more."""
        self._become(None, None)
        for cookie in (self._rules.session, self._rules.visitor):
            self._cookies[cookie] = cookie.forgotten(self._scope)

    def fields(self) -> RawHeaders:
        """The header fields of the page, in a new list: its cookies, policy, and caching."""
        policy, nonce = self._rules.policy, self._nonce
        fields = [*policy.fields] if nonce is None else policy.with_nonce(nonce)
        if self._personal:
            fields += (*self._cookies.values(), NO_STORE, _VARY)
        return fields

    def kept_back(self, fields: RawHeaders) -> RawHeaders:
        """Header fields of a page with what an action added; no cache keeps a personal one.

        Its cookie and token would be those of everybody who is answered by the cache.
        """
        return replaced(fields, [NO_STORE]) if self._personal else fields

    def _look(self) -> None:
        self._looked = True
        session = self._rules.session
        token = session.read(self._scope)
        if token is None:
            return
        self._personal = True
        self._authorization = self._rules.read(token)
        if self._authorization is None:
            self._cookies[session] = session.forgotten(self._scope)
        else:
            self._secret = token

    def _become(self, authorization: Authorization | None, secret: str | None) -> None:
        self._looked = self._personal = True
        self._authorization, self._secret = authorization, secret
        self._token = None

    def _own_secret(self) -> str | None:
        """The secret in the request's cookies; that of the session, where there is one."""
        self.authorization()
        if self._secret is None and self._rules.visitor not in self._cookies:
            visitor = self._rules.visitor.read(self._scope)
            if visitor is not None and _SECRET.fullmatch(visitor):
                self._secret = visitor
        return self._secret

    def _new_secret(self) -> str:
        secret = self._secret = token_urlsafe(_SECRET_BYTES)
        visitor = self._rules.visitor
        self._cookies[visitor] = visitor.written(self._scope, secret)
        return secret

    def _check_token(self, tokens: list[str]) -> None:
        if not tokens:
            raise FormRefused(
                "The form came without its token: the field csrf_token, which csrf_field() puts "
                "into a template's form, or the header X-CSRF-Token."
            )
        secret = self._own_secret()
        if len(tokens) > 1 or secret is None or not is_token_of(secret, tokens[0]):
            raise FormRefused(
                "The form is out of date: it was opened before you logged in or out, or too long "
                "ago. Go back, reload the page that has the form, and send it again. If that does "
                "not help, let your browser keep cookies of this site."
            )
