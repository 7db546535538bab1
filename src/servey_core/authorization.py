"""Who is calling, with which scopes, until when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, BeforeValidator, PlainSerializer


def _split_scopes(value: object) -> object:
    return value.split() if isinstance(value, str) else value


Scopes = Annotated[
    frozenset[str],
    BeforeValidator(_split_scopes),
    PlainSerializer(sorted, return_type=list[str]),
]
"""A set of scopes; read from a list or, as in RFC 6749 section 3.3, from words in a string."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """Who is calling, with which scopes, until when.

    A parameter annotated `Authorization` or `Authorization | None` is filled from the caller's
    credentials on every surface, and is never read from the input.

    Attributes:
        subject: Who: the `sub` of a token. None where the token names nobody.
        scopes: What the subject may do.
        not_before: From when it holds; aware. None for "since ever".
        expires_at: Until when it holds; aware. None for "for ever".
    """

    subject: str | None = None
    scopes: Scopes = field(default_factory=frozenset)
    not_before: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None

    def __post_init__(self) -> None:
        for name in ("not_before", "expires_at"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"Authorization.{name} must be aware: give it a time zone.")

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is in force at an aware `moment`."""
        if self.not_before is not None and moment < self.not_before:
            return False
        return self.expires_at is None or moment < self.expires_at

    def holds_now(self) -> bool:
        """Whether it is in force now."""
        if self.not_before is None and self.expires_at is None:
            return True
        return self.holds_at(datetime.now(UTC))


class Authorizer(Protocol):
    """Turns a token into an `Authorization`, and back."""

    def authorize(self, token: str) -> Authorization:
        """Read a token.

        Raises:
            Unauthorized: The token is malformed, forged, expired or not meant for this service.
        """

    def issue(self, authorization: Authorization) -> str:
        """Write a token that `authorize` will read.

        Raises:
            ConfigurationError: This authorizer holds no key to sign with.
        """


@dataclass(frozen=True, slots=True)
class AuthorizerFactory:
    """A named way to make an `Authorizer`; `SERVEY_AUTHORIZER` chooses by name.

    Attributes:
        name: The name to choose it by, such as `jwt`.
        build: Makes the authorizer from the settings; raises `SettingsError` where they do not do.
    """

    name: str
    build: Callable[[Any], Authorizer]
