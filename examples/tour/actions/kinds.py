"""Values of every kind, in and out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from servey_core import WEB_GET, WEB_POST, Conflict, Example, action

ItemT = TypeVar("ItemT")


class Colour(Enum):
    """A colour."""

    RED = "red"
    GREEN = "green"


class Size(Enum):
    """A size, by a number."""

    SMALL = 1
    LARGE = 2


class Point(TypedDict):
    """A place on a map."""

    x: float
    y: float


class Price(BaseModel):
    """An amount in a currency; `currency` has another name in JSON."""

    amount: Decimal
    currency: str = Field(alias="in", min_length=3, max_length=3)


@dataclass(frozen=True)
class Tree:
    """A tree, which is made of trees."""

    label: str
    branches: list[Tree] = field(default_factory=list)


@dataclass(frozen=True)
class Circle:
    """A shape."""

    radius: Annotated[float, Field(ge=0, le=1_000_000)]
    kind: Literal["circle"] = "circle"


@dataclass(frozen=True)
class Square:
    """Another shape."""

    side: Annotated[float, Field(ge=0, le=2_000_000)]
    kind: Literal["square"] = "square"


Shape = Annotated[Circle | Square, Field(discriminator="kind")]


@dataclass(frozen=True)
class Period:
    """A span of days."""

    start: date
    end: date


@dataclass(frozen=True)
class Filter:
    """What to look for, with an object in it."""

    colour: Colour | None = None
    period: Period | None = None


@dataclass(frozen=True)
class Page(Generic[ItemT]):
    """Some items of many."""

    items: list[ItemT]
    total: int


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=(
        Example("february", {"day": date(2024, 2, 28), "days": 2}, date(2024, 3, 1)),
        Example("json", {"day": "2024-02-28", "days": 1}, "2024-02-29"),
        Example("never", {"day": date.max, "days": 1}, raises=Conflict),
    ),
)
def add_days(day: date, days: int) -> date:
    """Take and give dates; an example may show them as they look in JSON."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise Conflict("No calendar goes that far.") from None


_NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=(
        Example(
            "noon",
            {"moment": _NOON, "wait": timedelta(minutes=90)},
            _NOON.replace(hour=13, minute=30),
        ),
        Example("never", {"moment": _NOON, "wait": timedelta(days=300_000_000)}, raises=Conflict),
    ),
)
def add_time(moment: datetime, wait: timedelta) -> datetime:
    """Take and give moments, which have a zone, and durations."""
    try:
        return moment + wait
    except OverflowError:
        raise Conflict("No calendar goes that far.") from None


@action(triggers=WEB_GET, tags="kinds", examples=Example("half", {"at": time(9, 30)}, 570))
def minutes_of_day(at: time) -> int:
    """Take a time of day."""
    return at.hour * 60 + at.minute


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=Example("exact", {"amounts": [Decimal("0.10"), Decimal("0.20")]}, Decimal("0.30")),
)
def add_exactly(amounts: list[Decimal]) -> Decimal:
    """Take decimals, which keep every digit."""
    return sum(amounts, Decimal(0))


_ID = UUID("12345678-1234-5678-1234-567812345678")


@action(triggers=WEB_GET, tags="kinds", examples=Example("plain", {"key": _ID}, _ID.hex))
def hex_of(key: UUID) -> str:
    """Take a UUID."""
    return key.hex


@action(triggers=WEB_POST, tags="kinds", examples=Example("word", {"data": b"abc"}, b"cba"))
def reverse_bytes(data: bytes) -> bytes:
    """Take and give bytes; in JSON they are base64."""
    return data[::-1]


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=(
        Example("enum", {"colour": Colour.RED, "size": Size.LARGE}, {"red": 2}),
        Example("json", {"colour": "green", "size": 1, "mode": "twice"}, {"green": 2}),
    ),
)
def count_colour(
    colour: Colour, size: Size, mode: Literal["once", "twice"] = "once"
) -> dict[str, int]:
    """Take enums and a literal, and give a dictionary."""
    return {colour.value: size.value * (2 if mode == "twice" else 1)}


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=(
        Example("none", {}, None),
        Example("zero", {"number": 0}, 1),
        Example("text", {"number": 41}, 42),
    ),
)
def next_number(number: int | None = None) -> int | None:
    """Take something or nothing."""
    return None if number is None else number + 1


@action(
    triggers=WEB_POST,
    tags="kinds",
    examples=(
        Example("number", {"value": 7}, "int"),
        Example("text", {"value": "7"}, "str"),
        Example("list", {"value": [1, 2]}, "list"),
    ),
)
def kind_of(value: int | str | list[int]) -> str:
    """Take any of several types."""
    return type(value).__name__


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=Example("shift", {"point": {"x": 1.5, "y": 2}, "by": 1}, {"x": 2.5, "y": 3}),
)
def shift(point: Point, by: Annotated[float, Field(ge=-100, le=100)]) -> Point:
    """Take a typed dictionary; in a query, `point[x]=1.5`."""
    return {"x": point["x"] + by, "y": point["y"] + by}


@action(
    triggers=WEB_POST,
    tags="kinds",
    examples=Example(
        "double",
        {"price": Price.model_validate({"amount": "2.50", "in": "EUR"})},
        {"amount": "5.00", "in": "EUR"},
    ),
)
def double_price(price: Price) -> Price:
    """Take and give a model of pydantic's."""
    return price.model_copy(update={"amount": price.amount * 2})


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=(
        Example("colour", {"query": {"colour": "red"}}, "red, any day"),
        Example(
            "both",
            {"query": Filter(Colour.GREEN, Period(date(2024, 1, 1), date(2024, 1, 31)))},
            "green, 30 days",
        ),
    ),
)
def describe_filter(query: Filter) -> str:
    """Take an object with an object in it; in a query, `query[period][start]=2024-01-01`."""
    colour = query.colour.value if query.colour else "any colour"
    days = f"{(query.period.end - query.period.start).days} days" if query.period else "any day"
    return f"{colour}, {days}"


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=Example("once_each", {"words": ["b", "a", "b"]}, {"a", "b"}),
)
def distinct(words: list[str]) -> set[str]:
    """Give a set, which has the same order everywhere."""
    return set(words)


@action(
    triggers=WEB_POST,
    tags="kinds",
    examples=Example("three", {"tree": Tree("a", [Tree("b"), Tree("c")])}, 3),
)
def count_nodes(tree: Tree) -> int:
    """Take a type that refers to itself."""
    return 1 + sum(map(count_nodes, tree.branches))


@action(
    triggers=WEB_POST,
    tags="kinds",
    examples=(
        Example("circle", {"shape": Circle(2)}, Square(4)),
        Example("square", {"shape": Square(4)}, Circle(2)),
    ),
)
def swap_shape(shape: Shape) -> Shape:
    """Take and give one of several, told apart by a member."""
    return Square(shape.radius * 2) if isinstance(shape, Circle) else Circle(shape.side / 2)


@action(
    triggers=WEB_GET,
    tags="kinds",
    examples=Example("second", {"start": 3, "size": 2}, Page([3, 4], 10)),
)
def list_numbers(start: Annotated[int, Field(ge=0)], size: int = 5) -> Page[int]:
    """Give a generic type, and limit a number."""
    return Page(list(range(start, min(start + size, 10))), 10)
