"""The debug authenticator: whoever knows one password is anybody, with any scopes.

What gives tokens to programs and what logs in browsers ask it, so that guesses count at both.
"""

import hmac
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from servey_core import Authorization, Authorizer, ConfigurationError, Runtime, ServeyError
from servey_core.hits import RecentHits
from servey_core.settings import CoreSettings
from servey_web.belongings import one_of
from servey_web.settings import WebSettings

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_PASSWORD_LENGTH = 12
_FAILURE_SECONDS = 60
_log = logging.getLogger("servey.web")


class LoginRefused(ServeyError):  # noqa: N818 - it is an answer
    """Somebody gets no token.

    Attributes:
        error: Why, for a program (RFC 6749, section 5.2).
    """

    error: ClassVar[str]


class WrongPassword(LoginRefused):
    """The password is not the one."""

    error = "invalid_grant"


class MalformedScopes(LoginRefused):
    """A scope has a character that it may not have (RFC 6749, section 3.3)."""

    error = "invalid_scope"


class TooManyAttempts(LoginRefused):
    """There were too many guesses.

    Attributes:
        retry_after: In how many seconds the next may be made.
    """

    error = "slow_down"

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many attempts.")
        self.retry_after = retry_after


class DebugAuthenticator:
    """Issues tokens to anybody who knows the password.

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

    def grant(
        self, username: str, password: str, scopes: list[str], caller: str, lifetime: timedelta
    ) -> str:
        """Issue a token.

        Args:
            username: Whom it is for.
            password: What should be the password.
            scopes: What it is good for.
            caller: Where the request came from.
            lifetime: For how long it holds.

        Raises:
            LoginRefused: There is none; it says why.
        """
        self._check_password(password, username, caller)
        if not all(_SCOPE.fullmatch(scope) for scope in scopes):
            raise MalformedScopes("A scope has a character that it may not have.")
        expires_at = datetime.now(UTC) + lifetime
        return self._authorizer.issue(
            Authorization(username, frozenset(scopes), expires_at=expires_at)
        )

    def _check_password(self, password: str, username: str, caller: str) -> None:
        limits = (((caller, username), 5), (caller, 20), (None, 200))
        windows = [(self._failures.look(key), limit) for key, limit in limits]
        if waits := [window.wait for window, limit in windows if window.used >= limit]:
            raise TooManyAttempts(max(waits))
        if not hmac.compare_digest(_as_bytes(password), self._password):
            for key, _ in limits:
                self._failures.add(key)
            raise WrongPassword("The password is not right.")


@dataclass(frozen=True, slots=True)
class _Kept:
    authenticator: DebugAuthenticator | None


def authenticator_of(runtime: Runtime) -> DebugAuthenticator | None:
    """The debug authenticator of an application, of which there is one; None where it is off.

    Raises:
        ConfigurationError: As `debug_authenticator`.
    """
    core, settings = runtime.settings.core, runtime.settings.group(WebSettings)
    return one_of(
        runtime,
        _Kept,
        lambda: _Kept(debug_authenticator(core, settings, runtime.authorizer)),
    ).authenticator


def debug_authenticator(
    core: CoreSettings, settings: WebSettings, authorizer: Authorizer
) -> DebugAuthenticator | None:
    """The debug authenticator as the settings want it; None where they do not.

    Raises:
        ConfigurationError: It is wanted, beyond this machine or in production, with no password
            or one that is too short; or the authorizer cannot issue tokens.
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
    return DebugAuthenticator(authorizer, password)


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
