"""Who may: the decision, alone and combined, and what the caller is told of scopes."""

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from servey_core import (
    ALLOW_ALL,
    ALLOW_AUTHENTICATED,
    ALLOW_NONE,
    AccessControl,
    Authorization,
    ScopeAccessControl,
)

READ, WRITE = ScopeAccessControl("read"), ScopeAccessControl("write")
READER = Authorization("r", frozenset({"read"}))
BOTH = Authorization("b", frozenset({"read", "write"}))
SOMEBODY = Authorization("s")


@dataclasses.dataclass(frozen=True)
class Named(AccessControl):
    """A control of one's own."""

    subject: str

    def allows(self, authorization: Authorization | None) -> bool:
        return authorization is not None and authorization.subject == self.subject


@pytest.mark.parametrize(
    ("control", "allowed"),
    [
        (ALLOW_ALL, {None, SOMEBODY, READER, BOTH}),
        (ALLOW_NONE, set()),
        (ALLOW_AUTHENTICATED, {SOMEBODY, READER, BOTH}),
        (READ, {READER, BOTH}),
        (READ & WRITE, {BOTH}),
        (READ | Named("s"), {SOMEBODY, READER, BOTH}),
        (Named("s"), {SOMEBODY}),
        (ALLOW_ALL & READ, {READER, BOTH}),
        (ALLOW_NONE | READ, {READER, BOTH}),
    ],
)
def test_decisions(control: AccessControl, allowed: set[Authorization | None]) -> None:
    callers = (None, SOMEBODY, READER, BOTH)
    assert {caller for caller in callers if control.allows(caller)} == allowed


@pytest.mark.parametrize(
    ("control", "public"),
    [(ALLOW_ALL, True), (ALLOW_ALL & READ, False), (ALLOW_ALL | READ, True), (ALLOW_NONE, False)],
)
def test_only_what_everybody_may_is_public(control: AccessControl, public: bool) -> None:
    assert control.public is public


def test_scopes_to_tell_of() -> None:
    assert (READ & WRITE).scope_alternatives == (frozenset({"read", "write"}),)
    assert (READ | WRITE).scope_alternatives == (frozenset({"read"}), frozenset({"write"}))
    both_ways = (READ | WRITE) & ScopeAccessControl("x")
    assert set(both_ways.scope_alternatives) == {
        frozenset({"read", "x"}),
        frozenset({"write", "x"}),
    }


NOW = datetime(2026, 5, 6, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("not_before", "expires_at"), list(product((None, BEFORE, NOW, AFTER), repeat=2))
)
def test_an_authorization_holds_between_its_moments(
    not_before: datetime | None, expires_at: datetime | None
) -> None:
    holds = (not_before is None or not_before <= NOW) and (expires_at is None or expires_at > NOW)
    authorization = Authorization("x", not_before=not_before, expires_at=expires_at)
    assert authorization.holds_at(NOW) is holds


def test_an_authorization_refuses_naive_moments() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Authorization(expires_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
