"""A small application that talks: rooms, orders, and what may be sent to them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from servey_core import (
    WEB_POST,
    Authorization,
    ChannelTrigger,
    EventExample,
    Example,
    InvalidInput,
    ScopeAccessControl,
    action,
    websocket_channel,
)


@dataclass(frozen=True)
class Line:
    """A line of an order.

    Attributes:
        article: What.
        price: For how much.
        count: How many.
    """

    article: str
    price: Decimal
    count: int = 1


@dataclass(frozen=True)
class Order:
    """An order.

    Attributes:
        number: Its number.
        lines: What is ordered.
        state: How far it is.
        size: Width and height.
    """

    number: int
    lines: tuple[Line, ...]
    state: Literal["new", "sent"] = "new"
    size: tuple[int, int] = (1, 2)


@dataclass(frozen=True)
class Words:
    """What somebody said."""

    text: str
    at: datetime


@dataclass(frozen=True)
class Problem:
    """A worry, which is no problem as RFC 9457 has it."""

    worry: str


_NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
_ORDER = Order(7, (Line("pen", Decimal("1.20")),))
_ANN = Authorization("ann", frozenset({"orders"}))
_BOB = Authorization("bob", frozenset({"letters"}))

messenger = websocket_channel(
    "messenger",
    Words,
    description="What is said, to everybody.",
    examples=(Words("hello", _NOON), Words("who is there?", _NOON)),
)
orders = websocket_channel(
    "orders",
    Order,
    access_control=ScopeAccessControl("orders") | ScopeAccessControl("root"),
    event_filter=lambda order, who: order.number != 13,
    examples=(
        EventExample("pens", _ORDER, reaches=(_ANN,), misses=(_BOB, None)),
        EventExample(
            "unlucky", replace(_ORDER, number=13), misses=(_ANN,), include_in_schema=False
        ),
    ),
)
worries = websocket_channel("worries", Problem)


@action(triggers=WEB_POST)
async def announce(text: str) -> int:
    """Tell everybody; where it stands is the result."""
    return (await messenger.apublish(Words(text, _NOON))).offset


@action(
    triggers=ChannelTrigger("messenger"),
    examples=(
        Example("hello", {"text": "hello"}, 5, description="A greeting."),
        Example("nothing", {"text": ""}, raises=InvalidInput),
    ),
)
async def say(text: str, shout: bool = False) -> int:
    """Say something to everybody.

    Args:
        text: What.
        shout: Whether it is loud.

    Returns:
        How long it was.
    """
    if not text:
        raise InvalidInput("Say something.")
    await messenger.apublish(Words(text.upper() if shout else text, _NOON))
    return len(text)


@action(
    triggers=ChannelTrigger("orders"),
    access_control=ScopeAccessControl("orders"),
    examples=Example(
        "pens",
        {"order": _ORDER},
        _ORDER,
        authorization=_ANN,
    ),
)
async def place(order: Order) -> Order:
    """Place an order."""
    await orders.apublish(order)
    return order


@action(triggers=ChannelTrigger("whoami"), examples=Example("me", result="ann", authorization=_ANN))
async def who_am_i(authorization: Authorization) -> str | None:
    """Say who sends."""
    return authorization.subject
