"""Calls that come again: one that must happen once, and one whose result is kept on the server."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from servey_core import (
    WEB_GET,
    WEB_POST,
    Conflict,
    Example,
    Idempotency,
    ServerCache,
    action,
)

_SEATS = 40


@dataclass(frozen=True)
class Booking:
    """Seats that are taken."""

    name: str
    seats: int


@action(
    triggers=WEB_POST,
    idempotency=Idempotency(ttl=3600),
    tags="repeating",
    examples=(
        Example("two", {"name": "Ada", "seats": 2}, Booking("Ada", 2)),
        Example("too_many", {"name": "Ada", "seats": 50}, raises=Conflict),
    ),
)
def book_seats(name: str, seats: Annotated[int, Field(ge=1)]) -> Booking:
    """Happen once for each `Idempotency-Key`, however often the call is tried."""
    if seats > _SEATS:
        raise Conflict("There are not that many seats.")
    return Booking(name, seats)


@action(
    triggers=WEB_POST,
    idempotency=Idempotency(ttl=3600, required=True),
    tags="repeating",
    examples=Example("two", {"seats": 2}, 2),
)
def give_back(seats: Annotated[int, Field(ge=1)]) -> int:
    """Happen for nobody who sends no key."""
    return seats


@action(
    triggers=WEB_GET,
    server_cache=ServerCache(ttl=60, max_entries=100),
    tags="repeating",
    examples=Example("ten", {"most": 10}, [2, 3, 5, 7]),
)
def primes(most: Annotated[int, Field(ge=0, le=10_000)]) -> list[int]:
    """Be worked out once a minute for each argument."""
    return [n for n in range(2, most + 1) if all(n % d for d in range(2, int(n**0.5) + 1))]
