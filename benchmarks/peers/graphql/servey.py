"""Servey's actions as GraphQL on its own web host: every protection of it is on."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from peers.graphql.contract import (
    Greeting,
    fields_of,
    greeting_of,
    label_of,
    makers_of,
    rating_of,
    sold_of,
)
from peers.graphql.contract import Item as Plain
from peers.servey import PRODUCTION
from servey_core import WEB_GET, WEB_POST, BatchInvoker, Runtime, action, action_of, start
from servey_web import create_app


def application() -> Any:
    """Async actions at the root; no access log."""
    return create_app(runtime())


def runtime() -> Runtime:
    """The application."""
    actions = [made for one in (greet, items, rename_item) if (made := action_of(one))]
    return start(actions=actions, given={**PRODUCTION, "access_log": False})


async def load_makers(numbers: list[int]) -> list[str]:
    """The makers of many items."""
    return makers_of(numbers)


def number_of(item: Plain) -> int:
    """The key of an item."""
    return item.number


@dataclass
class Item(Plain):
    """One of many results."""

    @action(sync_to_thread=False)
    def label(self) -> str:
        """Resolved by a sync function."""
        return label_of(self.number)

    @action
    async def rating(self) -> int:
        """Resolved by an async function."""
        return rating_of(self.number)

    @action
    async def sold(self) -> int:
        """Resolved by an async function that waits."""
        await asyncio.sleep(0)
        return sold_of(self.number)

    @action(batch=BatchInvoker(load_makers, key=number_of))
    async def maker(self) -> str:
        """Resolved for all items at once."""
        return makers_of([self.number])[0]


ITEMS = [Item(**fields_of(number)) for number in range(100)]


@action(triggers=WEB_GET)
async def greet(name: str) -> Greeting:
    """Greet."""
    return Greeting(**greeting_of(name))


@action(triggers=WEB_GET)
async def items() -> list[Item]:
    """All items."""
    return ITEMS


@action(triggers=WEB_POST)
async def rename_item(number: int, name: str) -> Item:
    """An item with another name."""
    return replace(ITEMS[number], name=name)
