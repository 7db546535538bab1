"""The debug authenticator: a token for whoever knows one password (RFC 6749, section 4.3)."""

import hmac
import logging
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from servey_core.authorization import Authorization, Authorizer
from servey_core.errors import ConfigurationError, ProblemError
from servey_core.hits import RecentHits
from servey_core.settings import CoreSettings
from servey_web.bodies import read_body
from servey_web.responses import raw_headers, respond_json
from servey_web.scopes import headers_of
from servey_web.settings import WebSettings

LIFETIME = timedelta(minutes=30)
"""For how long a token holds."""

_FORM = b"application/x-www-form-urlencoded"
_FORM_BYTES = 4096
_FORM_FIELDS = 16
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_PASSWORD_LENGTH = 12
_FAILURE_SECONDS = 60
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_log = logging.getLogger("servey.web")


class _Refused(Exception):  # noqa: N818 - it is an answer
    """The answer to a request that gets no token (RFC 6749, section 5.2)."""

    def __init__(self, error: str, why: str, status: int = 400, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.members = {"error": error, "error_description": why}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class DebugLogin:
    """An ASGI endpoint that gives anybody who knows the password a token with any scopes.

    Guesses are counted for each caller and user name, for each caller, and altogether.

    Args:
        authorizer: What issues the tokens.
        password: The one password.

    Raises:
        ConfigurationError: The authorizer cannot issue tokens.
    """

    def __init__(self, authorizer: Authorizer, password: str) -> None:
        authorizer.issue(Authorization(expires_at=datetime.now(UTC)))
        self._authorizer = authorizer
        self._password = _as_bytes(password)
        self._failures = RecentHits(_FAILURE_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one token request."""
        try:
            form = await _read_form(scope, receive)
            token = self._grant(form, (scope.get("client") or ("",))[0])
        except _Refused as refused:
            headers = raw_headers({**_NO_STORE, **refused.headers})
            await respond_json(send, refused.status, refused.members, headers)
        else:
            await respond_json(send, 200, token, raw_headers(_NO_STORE))

    def _grant(self, form: dict[str, str], caller: str) -> dict[str, object]:
        if _required(form, "grant_type") != "password":
            raise _Refused("unsupported_grant_type", "The grant_type must be password.")
        username = _required(form, "username")
        self._check_password(_required(form, "password"), username, caller)
        scopes = form.get("scope", "").split(" ") if form.get("scope") else []
        if not all(_SCOPE.fullmatch(scope) for scope in scopes):
            raise _Refused("invalid_scope", "A scope has a character that it may not have.")
        expires_at = datetime.now(UTC) + LIFETIME
        authorization = Authorization(username, frozenset(scopes), expires_at=expires_at)
        return {
            "access_token": self._authorizer.issue(authorization),
            "token_type": "bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": " ".join(scopes),
        }

    def _check_password(self, password: str, username: str, caller: str) -> None:
        limits = (((caller, username), 5), (caller, 20), (None, 200))
        windows = [(self._failures.look(key), limit) for key, limit in limits]
        if waits := [window.wait for window, limit in windows if window.used >= limit]:
            retry_after = str(max(waits))
            raise _Refused("slow_down", "Too many attempts.", 429, Retry_After=retry_after)
        if not hmac.compare_digest(_as_bytes(password), self._password):
            for key, _ in limits:
                self._failures.add(key)
            raise _Refused("invalid_grant", "The password is not right.")


def debug_login(
    core: CoreSettings, settings: WebSettings, authorizer: Authorizer
) -> DebugLogin | None:
    """The debug authenticator as the settings want it; None where they do not.

    Raises:
        ConfigurationError: It is wanted, beyond this machine or in production, with no password
            or one that is too short.
    """
    local = core.development and core.on_loopback
    if not settings.decided(core).debug_authenticator:
        return None
    secret = settings.debug_authenticator_password
    password = secret.get_secret_value() if secret else ""
    if not password or (not local and len(password) < _PASSWORD_LENGTH):
        raise ConfigurationError(
            "The debug authenticator is on, and gives anybody who knows its password any scope: "
            f"set SERVEY_DEBUG_AUTHENTICATOR_PASSWORD, to {_PASSWORD_LENGTH} characters or more, "
            "or SERVEY_DEBUG_AUTHENTICATOR=false."
        )
    if not local:
        _log.warning("the debug authenticator is on: whoever knows its password may do anything")
    return DebugLogin(authorizer, password)


async def _read_form(scope: Scope, receive: Receive) -> dict[str, str]:
    if scope["method"] != "POST":
        raise _Refused("invalid_request", "Only POST is known here.", 405, Allow="POST")
    kind = headers_of(scope).get(b"content-type", b"")
    if kind.partition(b";")[0].strip().lower() != _FORM:
        raise _Refused("invalid_request", f"The content type must be {_FORM.decode()}.", 415)
    try:
        return _parse(await read_body(scope, receive, _FORM_BYTES))
    except ProblemError as error:
        raise _Refused("invalid_request", error.detail, error.status) from None


def _parse(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), errors="strict", max_num_fields=_FORM_FIELDS, strict_parsing=True
        )
    except ValueError:
        raise _Refused("invalid_request", "The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise _Refused("invalid_request", "A field is given twice.")
    return form


def _required(form: dict[str, str], name: str) -> str:
    if not (value := form.get(name)):
        raise _Refused("invalid_request", f"The field {name} is missing.")
    return value


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
