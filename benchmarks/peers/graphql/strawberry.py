"""Strawberry, with its caches of parsed and of validated documents, and its own data loader."""

import asyncio
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from peers.graphql.contract import (
    fields_of,
    greeting_of,
    label_of,
    makers_of,
    rating_of,
    sold_of,
)

Context = dict[str, Any]


def application() -> GraphQL[Context, None]:
    """With both caches, as large as they come."""
    extensions = [ParserCache, ValidationCache]
    return _Application(strawberry.Schema(Query, Mutation, extensions=extensions))


class _Application(GraphQL[Context, None]):
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        loader = DataLoader(load_fn=_load_makers)
        return {"request": request, "response": response, "makers": loader}


async def _load_makers(numbers: list[int]) -> list[str]:
    return makers_of(numbers)


@strawberry.type
class Greeting:
    """A small result."""

    message: str
    times: int


@strawberry.type
class Item:
    """One of many results."""

    number: int
    name: str
    price: float
    in_stock: bool

    @strawberry.field
    def label(self) -> str:
        """Resolved by a sync function."""
        return label_of(self.number)

    @strawberry.field
    async def rating(self) -> int:
        """Resolved by an async function."""
        return rating_of(self.number)

    @strawberry.field
    async def sold(self) -> int:
        """Resolved by an async function that waits."""
        await asyncio.sleep(0)
        return sold_of(self.number)

    @strawberry.field
    async def maker(self, info: strawberry.Info[Context, None]) -> str:
        """Resolved for all items at once."""
        name: str = await info.context["makers"].load(self.number)
        return name


ITEMS = [Item(**fields_of(number)) for number in range(100)]


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def greet(self, name: str) -> Greeting:
        """Greet."""
        return Greeting(**greeting_of(name))

    @strawberry.field
    async def items(self) -> list[Item]:
        """All items."""
        return ITEMS


@strawberry.type
class Mutation:
    """What can be changed."""

    @strawberry.mutation
    async def rename_item(self, number: int, name: str) -> Item:
        """An item with another name."""
        return Item(**(fields_of(number) | {"name": name}))
