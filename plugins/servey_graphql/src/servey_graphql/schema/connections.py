"""Pages as connections: the shape in which clients of GraphQL expect long lists.

https://relay.dev/graphql/connections.htm. Only where the next page begins is known, so that no edge
but the last has a cursor.
"""

from dataclasses import dataclass
from typing import Any

from servey_core import Page
from servey_core.pagination import cursor_text
from servey_graphql.resolvers import Attribute
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.types import ObjectType, OutputField, Shape


@dataclass(frozen=True, slots=True)
class Edge:
    """An item and where it stands.

    Attributes:
        node: The item.
        cursor: What the next page begins after; None where that is not known.
    """

    node: Any
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands among the others.

    Attributes:
        end_cursor: What takes to the next page; None where this is the last.
    """

    end_cursor: str | None

    @property
    def has_next_page(self) -> bool:
        """Whether there are more items."""
        return self.end_cursor is not None

    @property
    def has_previous_page(self) -> bool:
        """A page does not know what was before it."""
        return False

    @property
    def start_cursor(self) -> None:
        """Nor where it began."""


class Connection:
    """A page, as clients of GraphQL expect it.

    Args:
        page: The page.

    Attributes:
        page: As given.
    """

    __slots__ = ("page",)

    def __init__(self, page: Page[Any]) -> None:
        if not isinstance(page, Page):
            raise TypeError(f"Expected Page, got {type(page).__qualname__}.")
        self.page = page

    @property
    def nodes(self) -> list[Any]:
        """The items."""
        return self.page.items

    @property
    def edges(self) -> list[Edge]:
        """The items, the last with the cursor of the next page."""
        items, cursor = self.page.items, self.page_info.end_cursor
        last = len(items) - 1
        return [Edge(item, cursor if at == last else None) for at, item in enumerate(items)]

    @property
    def page_info(self) -> PageInfo:
        """Where the page stands."""
        return PageInfo(None if self.page.next is None else cursor_text(self.page.next))


def connection_shape(item: Shape, registry: Registry) -> Shape:
    """The type of pages of such items."""
    node = item.text.removesuffix("!").strip("[]!")
    stem = node + "List" * item.text.count("[")
    name, edge = f"{stem}Connection", f"{stem}Edge"
    if registry.claim(name, ("pages", item.text), f"the pages of {item.text}"):
        _define(registry, name, edge, item)
    return Shape(f"{name}!", Connection)


def _define(registry: Registry, name: str, edge: str, item: Shape) -> None:
    registry.claim(edge, ("edges", item.text), f"the edges of {item.text}")
    if registry.claim("PageInfo", PageInfo, "where a page stands"):
        registry.types["PageInfo"] = _PAGE_INFO
    registry.types[name] = ObjectType(
        name,
        (
            OutputField("edges", f"[{edge}!]!", Attribute("edges"), description=_EDGES),
            OutputField(
                "nodes",
                item.listed.text,
                Attribute("nodes", convert=item.listed.convert),
                description="The items.",
            ),
            OutputField("pageInfo", "PageInfo!", Attribute("page_info"), description=_WHERE),
        ),
        "A few of many items.",
        Connection,
    )
    registry.types[edge] = ObjectType(
        edge,
        (
            OutputField(
                "node", item.text, Attribute("node", convert=item.convert), description="The item."
            ),
            OutputField("cursor", "String", Attribute("cursor"), description=_CURSOR),
        ),
        "An item and where it stands.",
        Edge,
    )


_EDGES = "The items, with what is known of where they stand."
_WHERE = "Where the page stands among the others."
_CURSOR = "What the next page begins after; null where that is not known."

_PAGE_INFO = ObjectType(
    "PageInfo",
    (
        OutputField(
            "hasNextPage",
            "Boolean!",
            Attribute("has_next_page"),
            description="Whether there are more items.",
        ),
        OutputField(
            "hasPreviousPage",
            "Boolean!",
            Attribute("has_previous_page"),
            description="False: a page does not know what was before it.",
        ),
        OutputField(
            "startCursor",
            "String",
            Attribute("start_cursor"),
            description="Null: a page does not know where it began.",
        ),
        OutputField(
            "endCursor",
            "String",
            Attribute("end_cursor"),
            description="What takes to the next page; null where this is the last.",
        ),
    ),
    _WHERE,
    PageInfo,
)
