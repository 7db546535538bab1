"""May this caller run this action? Decided from the `Authorization` alone, on every surface."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import product
from typing import final

from servey_core.authorization import Authorization
from servey_core.errors import PermissionDenied, Unauthorized

ScopeAlternatives = tuple[frozenset[str], ...]
"""Sets of scopes of which any one is enough; an empty set in it asks for no scope."""


class AccessControl(ABC):
    """Decides whether a caller may run an action; combine several with `&` and `|`.

    The decision is made before the input is looked at. It must be quick and must not block:
    it runs on the event loop.
    """

    @abstractmethod
    def allows(self, authorization: Authorization | None) -> bool:
        """Whether a caller may; None stands for a caller without credentials."""

    @property
    def public(self) -> bool:
        """Whether everybody may, credentials or none; then nothing is asked for."""
        return False

    @property
    def scope_alternatives(self) -> ScopeAlternatives:
        """The scopes to tell the caller of, in documents and refusals."""
        return (frozenset(),)

    def __and__(self, other: "AccessControl") -> "AccessControl":
        return AllOf((self, other))

    def __or__(self, other: "AccessControl") -> "AccessControl":
        return AnyOf((self, other))


@final
@dataclass(frozen=True, slots=True)
class AllowAll(AccessControl):
    """Everybody may."""

    def allows(self, authorization: Authorization | None) -> bool:  # noqa: ARG002
        """Yes."""
        return True

    @property
    def public(self) -> bool:
        """Yes."""
        return True


@final
@dataclass(frozen=True, slots=True)
class AllowNone(AccessControl):
    """Nobody may."""

    def allows(self, authorization: Authorization | None) -> bool:  # noqa: ARG002
        """No."""
        return False


@final
@dataclass(frozen=True, slots=True)
class AllowAuthenticated(AccessControl):
    """Everybody with valid credentials may."""

    def allows(self, authorization: Authorization | None) -> bool:
        """Whether somebody is there."""
        return authorization is not None


@final
@dataclass(frozen=True, slots=True)
class ScopeAccessControl(AccessControl):
    """Whoever has a scope may.

    Attributes:
        execute_scope: The scope that it takes to run the action.
    """

    execute_scope: str

    def allows(self, authorization: Authorization | None) -> bool:
        """Whether the caller has the scope."""
        return authorization is not None and self.execute_scope in authorization.scopes

    @property
    def scope_alternatives(self) -> ScopeAlternatives:
        """The one scope."""
        return (frozenset({self.execute_scope}),)


@final
@dataclass(frozen=True, slots=True)
class AllOf(AccessControl):
    """Whoever every one of `parts` allows may: `a & b`."""

    parts: tuple[AccessControl, ...]

    def allows(self, authorization: Authorization | None) -> bool:
        """Whether all do."""
        return all(part.allows(authorization) for part in self.parts)

    @property
    def public(self) -> bool:
        """Whether all are."""
        return all(part.public for part in self.parts)

    @property
    def scope_alternatives(self) -> ScopeAlternatives:
        """One alternative of each part, together."""
        choices = product(*(part.scope_alternatives for part in self.parts))
        return tuple(frozenset().union(*choice) for choice in choices)


@final
@dataclass(frozen=True, slots=True)
class AnyOf(AccessControl):
    """Whoever any of `parts` allows may: `a | b`."""

    parts: tuple[AccessControl, ...]

    def allows(self, authorization: Authorization | None) -> bool:
        """Whether any does."""
        return any(part.allows(authorization) for part in self.parts)

    @property
    def public(self) -> bool:
        """Whether any is."""
        return any(part.public for part in self.parts)

    @property
    def scope_alternatives(self) -> ScopeAlternatives:
        """The alternatives of every part."""
        return tuple(choice for part in self.parts for choice in part.scope_alternatives)


ALLOW_ALL = AllowAll()
ALLOW_NONE = AllowNone()
ALLOW_AUTHENTICATED = AllowAuthenticated()


def authorise(access_control: AccessControl, authorization: Authorization | None) -> None:
    """Turn a caller away who may not.

    Raises:
        Unauthorized: Credentials are needed, or those given are not in force.
        PermissionDenied: The credentials do not allow it (RFC 6750, section 3.1).
    """
    if authorization is not None and not authorization.holds_now():
        raise Unauthorized("The credentials are not in force now.", error="invalid_token")
    if access_control.public or access_control.allows(authorization):
        return
    if authorization is None:
        raise Unauthorized("Credentials are needed.")
    alternatives = access_control.scope_alternatives
    challenge = 'Bearer error="insufficient_scope"'
    if len(alternatives) == 1 and alternatives[0]:
        challenge += f', scope="{" ".join(sorted(alternatives[0]))}"'
    raise PermissionDenied(
        "The credentials do not allow this.", headers={"WWW-Authenticate": challenge}
    )
