"""What the plans of all surfaces over HTTP know of an action and one of its triggers."""

from dataclasses import replace
from typing import Any, ClassVar

from starlette.types import Scope

from servey_core import (
    Authorization,
    Binding,
    CacheHeaders,
    Context,
    Problem,
    ProblemError,
    Runtime,
    WebPageTrigger,
    WebTrigger,
)
from servey_web.arguments.headers import in_headers
from servey_web.arguments.readers import BODILESS
from servey_web.bodies import Patience
from servey_web.caching.freshness import NOT_MODIFIED
from servey_web.responses import RawHeaders
from servey_web.scopes import instance_of
from servey_web.settings import WebSettings

NO_CONTENT = 204
RESET_CONTENT = 205
CONTENTLESS = (NO_CONTENT, RESET_CONTENT, NOT_MODIFIED)
"""Statuses of responses without a body (RFC 9110, section 6.4.1)."""

_LENGTHS = [(b"content-length", b"%d" % number) for number in range(4096)]
"""The field for most bodies; making it anew takes longer than the rest of the head."""


class ActionPlan:
    """How one action answers requests of one method and path: what is known at start-up.

    Args:
        binding: The action and its trigger.
        runtime: The application.

    Attributes:
        surface: The name of the surface.
        max_body: The largest body, in bytes; None where none is taken.
        brings: The names of the security headers that each of its answers has itself.
    """

    surface: ClassVar[str]
    brings: frozenset[bytes] = frozenset()

    def __init__(self, binding: Binding, runtime: Runtime) -> None:
        assert isinstance(binding.trigger, WebTrigger | WebPageTrigger)  # noqa: S101 - none else
        self._trigger = trigger = binding.trigger
        self._runtime = runtime
        self._invoker = runtime.invoker(binding.action.name)
        settings = runtime.settings.group(WebSettings)
        self._patience = Patience.of(settings)
        self.max_body = None if trigger.method in BODILESS else settings.max_body_bytes
        if trigger.max_body_bytes is not None and self.max_body is not None:
            self.max_body = trigger.max_body_bytes
        self._authorizer = runtime.authorizer
        self._hinted = trigger.safe and binding.action.cache_control is not None
        places = in_headers(self._invoker.signature)
        self._vary = tuple(name.lower().encode("ascii") for name in places.vary)
        self._by_cookie = bool(places.cookies)

    def failure(self, error: Exception, scope: Scope) -> ProblemError:
        """What the caller is told of what the action's author did not foresee."""
        return self._invoker.failure(error, self._context(scope, None))

    def _hint(self, result: Any, body: bytes) -> CacheHeaders | None:
        hint = self._invoker.cache_headers(result, body)
        return replace(hint, private=True) if hint and self._by_cookie else hint

    def _context(self, scope: Scope, authorization: Authorization | None) -> Context:
        return Context(authorization, self.surface, instance_of(scope))

    def _problem(self, error: ProblemError, scope: Scope) -> Problem:
        development = self._runtime.settings.core.development
        return Problem.of(error, instance=instance_of(scope), development=development)


def length_field(length: int) -> tuple[bytes, bytes]:
    """The field `Content-Length`.

    Args:
        length: The length of the body, in bytes.
    """
    return _LENGTHS[length] if length < len(_LENGTHS) else (b"content-length", b"%d" % length)


def without_content(fields: RawHeaders, status: int) -> RawHeaders:
    """The header fields of a response whose status is one without a body."""
    kept = [one for one in fields if one[0] not in (b"content-type", b"content-length")]
    return [*kept, (b"content-length", b"0")] if status == RESET_CONTENT else kept
