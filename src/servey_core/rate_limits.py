"""How often an action may be run, and by whom.

What is left is told in the header fields of draft-ietf-httpapi-ratelimit-headers-11, and whoever is
refused is told when to come back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any, Literal, get_args

from servey_core.errors import TooManyRequests
from servey_core.hits import HitCounter

MAX_LIMIT = 100_000
"""The most calls that a limit may allow: each of them is remembered for its time."""

Whose = Literal["caller", "address", "everybody"]

_PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(rf"([1-9][0-9]*) ?/ ?(?:([1-9][0-9]{{0,3}}) ?)?({'|'.join(_PERIODS)})s?")
_HOST_BITS = 64
"""How many bits of an IPv6 address name the host in its network."""


@dataclass(frozen=True)
class RateLimit:
    """How often an action may be run in any stretch of time of one length.

    Attributes:
        rate: How often in how much time: `10/minute`, `100/15 minutes`; in seconds, minutes, hours
            or days.
        per: Whose calls are counted together. `caller`: those of one subject, or, where none is
            known, of one address. `address`: those of one address (of IPv6, of one /64 network),
            whoever calls. `everybody`: all. Calls of which neither is known, as on the command
            line without a token, are counted together.
        limit: How many calls are allowed.
        seconds: In how much time.
        policy: What the limit is called, in header fields and problems.

    Raises:
        ValueError: That is not a rate, or `per` is none of the three.
    """

    rate: str
    per: Whose = "caller"
    limit: int = field(init=False, repr=False, compare=False)
    seconds: int = field(init=False, repr=False, compare=False)
    policy: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.per not in get_args(Whose):
            choices = " or ".join(map(repr, get_args(Whose)))
            raise ValueError(f"A rate is limited per {choices}, not {self.per!r}.")
        match = _RATE.fullmatch(self.rate)
        if not match or int(match[1]) > MAX_LIMIT:
            raise ValueError(
                f"{self.rate!r} is no rate: say how many calls, up to {MAX_LIMIT}, in how many "
                f"seconds, minutes, hours or days, such as '10/minute' or '100/15 minutes'."
            )
        limit, multiple, period = match.groups()
        named = f"{multiple}-{period}s" if multiple else period
        policy = named if self.per == "caller" else f"{named}-{self.per}"
        object.__setattr__(self, "limit", int(limit))
        object.__setattr__(self, "seconds", int(multiple or 1) * _PERIODS[period])
        object.__setattr__(self, "policy", policy)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one limit leaves to a caller after a call.

    Attributes:
        limit: The limit.
        remaining: How many calls are left.
        reset: In how many seconds there will be more; at least 1.
    """

    limit: RateLimit
    remaining: int
    reset: int


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What the limits of an action leave to a caller after a call.

    Attributes:
        allowances: One for each limit.
    """

    allowances: tuple[Allowance, ...]

    def headers(self) -> dict[str, str]:
        """The fields `RateLimit-Policy` and `RateLimit`, which are lists of RFC 9651."""
        policies, standings = [], []
        for one in self.allowances:
            limit = one.limit
            policies.append(f'"{limit.policy}";q={limit.limit};w={limit.seconds}')
            standings.append(f'"{limit.policy}";r={one.remaining};t={one.reset}')
        return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(standings)}


class RateLimiter:
    """Counts the calls of one action, and refuses what is too many.

    Args:
        action: The action's name.
        limits: Its limits, each with a policy of its own.
        counter: What counts.
    """

    def __init__(self, action: str, limits: Sequence[RateLimit], counter: HitCounter) -> None:
        self._limits = [(one, f"{action}:{one.policy}:") for one in limits]
        self._counter = counter

    async def hit(self, caller: str | None, address: str | None) -> RateLimitStatus:
        """Count one call; what one limit refuses counts for none.

        Args:
            caller: Who calls: the subject of the authorization.
            address: The IP address that the call came from.

        Raises:
            TooManyRequests: A limit refuses it.
        """
        counter = self._counter
        asked = [(one, prefix + _whose(one, caller, address)) for one, prefix in self._limits]
        windows = [await counter.look(key, one.limit, one.seconds) for one, key in asked]
        free = [seen.used < one.limit for (one, _), seen in zip(asked, windows, strict=True)]
        if all(free):
            # Between the look and this, other processes may have taken what was left.
            free = [await counter.take(key, one.limit, one.seconds) for one, key in asked]
        granted = all(free)
        status = RateLimitStatus(
            tuple(
                Allowance(
                    one,
                    remaining=one.limit - seen.used - granted if has_room else 0,
                    reset=seen.wait,
                )
                for (one, _), seen, has_room in zip(asked, windows, free, strict=True)
            )
        )
        if not granted:
            raise _too_many(status)
        return status


def _too_many(status: RateLimitStatus) -> TooManyRequests:
    used_up = [one for one in status.allowances if not one.remaining]
    seconds = max(one.reset for one in used_up)
    rates = " and ".join(one.limit.rate for one in used_up)
    members: dict[str, Any] = {"violated-policies": [one.limit.policy for one in used_up]}
    return TooManyRequests(
        f"No more than {rates}: try again in {seconds} s.",
        headers={"Retry-After": str(seconds), **status.headers()},
        **members,
    )


def _whose(limit: RateLimit, caller: str | None, address: str | None) -> str:
    if limit.per == "everybody":
        return ""
    if limit.per == "caller" and caller is not None:
        return f"subject {caller}"
    return f"address {_network(address)}" if address else ""


def _network(address: str) -> str:
    """What of an address its holder does not choose: of IPv6, the first half (RFC 4291, 2.5.4)."""
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or f"{int(parsed) >> _HOST_BITS:x}/64")
