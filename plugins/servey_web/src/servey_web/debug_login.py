"""The debug authenticator for programs: a token for a password (RFC 6749, section 4.3)."""

from datetime import timedelta
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from servey_core.errors import ProblemError
from servey_web.bodies import read_body
from servey_web.debug_authenticator import DebugAuthenticator, LoginRefused, TooManyAttempts
from servey_web.responses import raw_headers, respond_json
from servey_web.scopes import headers_of

LIFETIME = timedelta(minutes=30)
"""For how long a token holds."""

_FORM = b"application/x-www-form-urlencoded"
_FORM_BYTES = 4096
_FORM_FIELDS = 16
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class _Refused(Exception):  # noqa: N818 - it is an answer
    """The answer to a request that gets no token (RFC 6749, section 5.2)."""

    def __init__(self, error: str, why: str, status: int = 400, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.members = {"error": error, "error_description": why}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class DebugLogin:
    """An ASGI endpoint that gives anybody who knows the password a token with any scopes.

    Args:
        authenticator: What knows the password.
    """

    def __init__(self, authenticator: DebugAuthenticator) -> None:
        self._authenticator = authenticator

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
        username, password = _required(form, "username"), _required(form, "password")
        scopes = form.get("scope", "").split(" ") if form.get("scope") else []
        try:
            token = self._authenticator.grant(username, password, scopes, caller, LIFETIME)
        except TooManyAttempts as error:
            retry_after = str(error.retry_after)
            raise _Refused(error.error, str(error), 429, Retry_After=retry_after) from None
        except LoginRefused as error:
            raise _Refused(error.error, str(error)) from None
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": " ".join(scopes),
        }


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
