"""What every application serves: the same requests, and the same answers."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from jose import jwt
from pydantic import BaseModel

SECRET = "a secret of the benchmarks, 32 bytes at least"
ALGORITHM = "HS256"
SCOPE = "greet"
TOKEN: str = jwt.encode(
    {"sub": "ann", "scope": SCOPE, "exp": int(time.time()) + 24 * 3600}, SECRET, ALGORITHM
)
BLOCK_SECONDS = 0.05
"""How long the case `blocking` blocks its thread."""

OneT = TypeVar("OneT")


class Greeting(BaseModel):
    """A small result."""

    message: str
    times: int


class GreetingRequest(BaseModel):
    """A small body."""

    name: str
    times: int = 1


class Maker(BaseModel):
    """Part of an item."""

    name: str
    country: str


class Item(BaseModel):
    """One of many results."""

    number: int
    name: str
    price: float
    tags: list[str]
    maker: Maker


@dataclass
class MakerData:
    """`Maker` as a dataclass."""

    name: str
    country: str


@dataclass
class ItemData:
    """`Item` as a dataclass."""

    number: int
    name: str
    price: float
    tags: list[str]
    maker: MakerData


def make_items(item: Callable[..., OneT], maker: Callable[..., Any]) -> list[OneT]:
    """The hundred items, of the classes that an application uses."""
    return [
        item(
            number=number,
            name=f"Item number {number}",
            price=number + 0.99,
            tags=["small", "red"],
            maker=maker(name=f"Maker {number % 7}", country="Portugal"),
        )
        for number in range(100)
    ]


ITEMS = make_items(Item, Maker)
ITEMS_DATA = make_items(ItemData, MakerData)


def scopes_of(token: str, key: Any = SECRET) -> list[str]:
    """The scopes of a token, as the documents of most frameworks have it read: by python-jose.

    Raises:
        jose.JWTError: It is not valid.
    """
    claims: dict[str, str] = jwt.decode(token, key, algorithms=[ALGORITHM])
    return claims["scope"].split()


@dataclass(frozen=True)
class Case:
    """One kind of request.

    Attributes:
        name: What `--cases` calls it.
        title: What it is.
        answer: The JSON value of the answer.
        method: Its method.
        parameter: What stands in the path behind the action's own: the name of a parameter.
        tail: What is asked for behind the action's own path.
        body: The JSON body.
        guarded: Whether it needs the token.
        digits: What in the body is another number in every request: nothing.
    """

    name: str
    title: str
    answer: Any
    method: str = "GET"
    parameter: str = ""
    tail: str = ""
    body: bytes = b""
    guarded: bool = False
    digits: bytes = b""

    @property
    def target(self) -> bytes:
        """Path and query of the request; the action that it is for was registered last."""
        return f"/actions/measured{self.tail}".encode()

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The request's headers, but `Host`."""
        fields = [
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
            (b"accept", b"application/json"),
            (b"accept-encoding", b"gzip, deflate, br"),
        ]
        if self.body:
            fields.append((b"content-type", b"application/json"))
            fields.append((b"content-length", b"%d" % len(self.body)))
        if self.guarded:
            fields.append((b"authorization", b"Bearer " + TOKEN.encode()))
        return fields

    @staticmethod
    def answer_in(body: bytes) -> Any:
        """The JSON value of a response's body."""
        return json.loads(body)

    def paths(self, actions: int) -> list[str]:
        """The paths of so many actions, the measured one last."""
        names = [*(f"other-{number}" for number in range(actions - 1)), "measured"]
        parameter = f"/{{{self.parameter}}}" if self.parameter else ""
        return [f"/actions/{name}{parameter}" for name in names]


_GREETING = {"message": "Hello World!", "times": 3}
_ITEMS = [item.model_dump() for item in ITEMS]

GET = Case("get", "GET with query parameters", _GREETING, tail="?name=World&times=3")
POST = Case("post", "POST with a JSON body", _GREETING, "POST", body=b'{"name":"World","times":3}')
PATH = Case("path", "GET with a path parameter", _GREETING, parameter="times", tail="/3")
GUARDED = Case(
    "guarded", "GET with a bearer token", _GREETING, tail="?name=World&times=3", guarded=True
)
MODELS = Case("models", "100 nested items, pydantic models", _ITEMS)
DATACLASSES = Case("dataclasses", "100 nested items, dataclasses", _ITEMS)
BLOCKING = Case("blocking", "A function that blocks", _GREETING)

SMALL = (GET.name, POST.name, PATH.name)
CASES = {one.name: one for one in (GET, POST, PATH, GUARDED, MODELS, DATACLASSES)}
"""What is measured; `BLOCKING` is only for the sync functions."""
