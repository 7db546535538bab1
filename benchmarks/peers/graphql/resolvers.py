"""Resolvers for what calls them as graphql-core does: `(parent, info, **arguments)`."""

import asyncio
from dataclasses import replace
from typing import Any

from aiodataloader import DataLoader

from peers.graphql.contract import (
    Greeting,
    Item,
    fields_of,
    greeting_of,
    label_of,
    makers_of,
    rating_of,
    sold_of,
)

ITEMS = [Item(**fields_of(number)) for number in range(100)]


async def greet(_: Any, info: Any, name: str) -> Greeting:  # noqa: ARG001
    """`Query.greet`."""
    return Greeting(**greeting_of(name))


async def items(*_: Any) -> list[Item]:
    """`Query.items`."""
    return ITEMS


async def rename_item(_: Any, info: Any, number: int, name: str) -> Item:  # noqa: ARG001
    """`Mutation.renameItem`."""
    return replace(ITEMS[number], name=name)


def in_stock(item: Item, info: Any) -> bool:  # noqa: ARG001
    """`Item.inStock`, which Python calls otherwise."""
    return item.in_stock


def label(item: Item, info: Any) -> str:  # noqa: ARG001
    """`Item.label`."""
    return label_of(item.number)


async def rating(item: Item, info: Any) -> int:  # noqa: ARG001
    """`Item.rating`."""
    return rating_of(item.number)


async def sold(item: Item, info: Any) -> int:  # noqa: ARG001
    """`Item.sold`."""
    await asyncio.sleep(0)
    return sold_of(item.number)


async def maker(item: Item, info: Any) -> str:
    """`Item.maker`, by the loader of the operation, which its first item makes."""
    loader = info.context.get("makers")
    if loader is None:
        loader = info.context["makers"] = DataLoader(_load_makers)
    name: str = await loader.load(item.number)
    return name


async def _load_makers(numbers: list[int]) -> list[str]:
    return makers_of(numbers)
