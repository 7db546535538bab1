"""Who is let in: requests that name this service, are unambiguous, and are not too many."""

from collections.abc import Sequence

from starlette.types import Scope

from servey_core.errors import BadRequest, ProblemError, Unavailable
from servey_core.settings import CoreSettings
from servey_web.health import HEALTH_PATHS
from servey_web.hosts import trusted_hosts
from servey_web.scopes import own_path
from servey_web.settings import WebSettings

_ONCE = frozenset((b"host", b"content-length", b"authorization", b"content-type"))


class Gate:
    """Decides, from the headers alone, whether a request is let in.

    Attributes:
        known: `Host` values that were found good before; a request with one of them, no repeated
            header and room for it need not be asked about.
        max_concurrency: How many requests may be under way at once.
    """

    __slots__ = ("_hosts", "_retry_after", "known", "max_concurrency")

    def __init__(self, core: CoreSettings, settings: WebSettings) -> None:
        self._hosts = trusted_hosts(core, settings)
        self.known = self._hosts.known
        self.max_concurrency = settings.max_concurrency
        self._retry_after = settings.retry_after

    def refusal(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        fields: Sequence[tuple[bytes, bytes]],
        under_way: int,
    ) -> ProblemError | None:
        """Why a request is not let in; None where it is.

        Args:
            scope: The request.
            headers: Its headers, the last of each name.
            fields: All of its headers.
            under_way: How many requests are under way without it.
        """
        if len(headers) != len(fields) and (repeated := _repeated(fields)):
            return repeated
        health = own_path(scope) in HEALTH_PATHS
        if under_way >= self.max_concurrency and not health:
            text = "There are too many requests under way."
            return Unavailable(text, retry_after=self._retry_after)
        return None if health else self._stranger(scope, headers)

    def knows(self, headers: dict[bytes, bytes]) -> bool:
        """Whether the `Host` is one of ours."""
        return self._hosts.admits(headers.get(b"host"))

    def _stranger(self, scope: Scope, headers: dict[bytes, bytes]) -> BadRequest | None:
        if b"host" not in headers and scope["http_version"] == "1.1":
            return BadRequest("There is no Host header (RFC 9112, section 3.2).")
        if self.knows(headers):
            return None
        text = "The Host header names no host that is served here (SERVEY_ALLOWED_HOSTS)."
        return BadRequest(text)


def _repeated(fields: Sequence[tuple[bytes, bytes]]) -> BadRequest | None:
    """Refuse a second field of a kind that there can be only one of (RFC 9110, section 5.3)."""
    seen = set()
    for name, _ in fields:
        if name in seen and name in _ONCE:
            return BadRequest(f"The header {name.decode('ascii')} is given twice.")
        seen.add(name)
    return None
