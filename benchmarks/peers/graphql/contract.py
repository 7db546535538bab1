"""What every application serves: the same operations, and the same data."""

import json
from dataclasses import dataclass, field
from typing import Any

SDL = """
type Query {
  greet(name: String!): Greeting!
  items: [Item!]!
}

type Mutation {
  renameItem(number: Int!, name: String!): Item!
}

type Greeting {
  message: String!
  times: Int!
}

type Item {
  number: Int!
  name: String!
  price: Float!
  inStock: Boolean!
  label: String!
  rating: Int!
  sold: Int!
  maker: String!
}
"""
"""The schema, for the libraries that begin with one."""


@dataclass
class Greeting:
    """A small result."""

    message: str
    times: int


@dataclass
class Item:
    """One of many results; applications add the fields that are resolved."""

    number: int
    name: str
    price: float
    in_stock: bool


def fields_of(number: int) -> dict[str, Any]:
    """The plain fields of an item, by their Python names."""
    return {
        "number": number,
        "name": f"Item number {number}",
        "price": number + 0.99,
        "in_stock": number % 3 > 0,
    }


def label_of(number: int) -> str:
    """The field that a sync function resolves."""
    return f"No. {number}"


def rating_of(number: int) -> int:
    """The field that an async function resolves, at once."""
    return number % 5


def sold_of(number: int) -> int:
    """The field that an async function resolves, after it has waited."""
    return number * 3


def makers_of(numbers: list[int]) -> list[str]:
    """The field that one call resolves for all items."""
    return [f"Maker {number % 7}" for number in numbers]


def greeting_of(name: str) -> dict[str, Any]:
    """The fields of a greeting."""
    return {"message": f"Hello {name}!", "times": 3}


@dataclass(frozen=True)
class Case:
    """One operation.

    Attributes:
        name: What `--cases` calls it.
        title: What it is.
        query: The document.
        answer: The data that it gives.
        variables: The variables.
        digits: What in the document is another number in every request.
        method: The request's method.
        target: Its path.
    """

    name: str
    title: str
    query: str
    answer: Any
    variables: dict[str, Any] = field(default_factory=dict)
    digits: bytes = b""
    method: str = "POST"
    target: bytes = b"/graphql"

    @property
    def body(self) -> bytes:
        """The JSON body."""
        asked = {"query": self.query, "variables": self.variables}
        return json.dumps(asked, separators=(",", ":")).encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The request's headers, but `Host`."""
        return [
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
            (b"accept", b"application/graphql-response+json, application/json;q=0.9"),
            (b"accept-encoding", b"gzip, deflate, br"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(self.body)),
        ]

    @staticmethod
    def answer_in(body: bytes) -> Any:
        """The data of a response; all of it where there are errors."""
        told = json.loads(body)
        return told if told.get("errors") else told.get("data")


_NUMBERS = range(100)


def _items(**more: Any) -> dict[str, Any]:
    items = []
    for number in _NUMBERS:
        item = fields_of(number)
        item["inStock"] = item.pop("in_stock")
        items.append(item | {name: make(number) for name, make in more.items()})
    return {"items": items}


def _asking(field: str = "") -> str:
    return f"query Items {{ items {{ number name price inStock {field} }} }}".replace("  ", " ")


_GREET = "query {name}($name: String!) {{ greet(name: $name) {{ message times }} }}"
_RENAME = (
    "mutation Rename($number: Int!, $name: String!) "
    "{ renameItem(number: $number, name: $name) { number name price inStock } }"
)
_DIGITS = "0000000000"
_WORLD = {"name": "World"}
_GREETED = {"greet": greeting_of("World")}
_RENAMED = {"number": 7, "name": "Seven", "price": 7.99, "inStock": True}

FLAT = Case("flat", "A flat query", _GREET.format(name="Greet"), _GREETED, _WORLD)
PLAIN = Case("plain", "100 items of 4 plain fields", _asking(), _items())
SYNC = Case("sync", "100 items, and a sync resolver", _asking("label"), _items(label=label_of))
ASYNC = Case(
    "async", "100 items, and an async resolver", _asking("rating"), _items(rating=rating_of)
)
WAITING = Case(
    "waiting", "100 items, and an async resolver that waits", _asking("sold"), _items(sold=sold_of)
)
BATCHED = Case(
    "batched",
    "100 items, and a batched resolver",
    _asking("maker"),
    _items(maker=lambda number: makers_of([number])[0]),
)
MUTATION = Case(
    "mutation", "A mutation", _RENAME, {"renameItem": _RENAMED}, {"number": 7, "name": "Seven"}
)
FIRST = Case(
    "first",
    "A flat query, each document seen for the first time",
    _GREET.format(name=f"Greet{_DIGITS}"),
    _GREETED,
    _WORLD,
    _DIGITS.encode(),
)

CASES = {one.name: one for one in (FLAT, PLAIN, SYNC, ASYNC, WAITING, BATCHED, MUTATION, FIRST)}
"""What is measured."""
