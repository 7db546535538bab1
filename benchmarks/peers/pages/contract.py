"""What every application serves: one small page, made by the same two templates."""

from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATE = "products.html"
PATH = "/products"


@dataclass(frozen=True)
class Product:
    """A line of the page."""

    number: int
    name: str
    price: float
    stock: int


@dataclass(frozen=True)
class Results:
    """What the page shows."""

    visitor: str
    query: str
    products: list[Product]


def search(query: str) -> Results:
    """What is found."""
    return Results("Ann & Bob", query, _PRODUCTS)


@dataclass(frozen=True)
class Case:
    """The request for the page, as a browser makes it.

    Attributes:
        name: What `--cases` calls it.
        title: What it is.
        answer: The page, with one space for whatever space there is.
        method: Its method.
        target: Its path and query.
        body: Its body.
        digits: No part of it changes.
    """

    name: str
    title: str
    answer: str
    method: str = "GET"
    target: bytes = PATH.encode() + b"?q=tea"
    body: bytes = b""
    digits: bytes = b""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Its headers, but `Host`."""
        return [
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
            (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            (b"accept-language", b"en-US,en;q=0.5"),
            (b"accept-encoding", b"gzip, deflate, br"),
        ]

    @staticmethod
    def answer_in(body: bytes) -> str:
        """A page, with one space for whatever space there is."""
        return " ".join(body.decode().split())


_NAMES = ("Green tea", "Black tea", "Tea & biscuits", "Tea <loose>", "Teapot")
_PRODUCTS = [Product(number, name, number + 1.5, number) for number, name in enumerate(_NAMES, 1)]
_HEAD = (
    '<!doctype html> <html lang="en"> <head><meta charset="utf-8"><title>tea</title></head> '
    '<body> <header><a href="/">Home</a> Ann &amp; Bob</header> <main> '
    "<h1>Results for tea</h1> <ul> "
)
_LINES = [
    f'<li class="{"low" if one.stock < 3 else "ok"}"> '
    f'<a href="/products/{one.number}">'
    f"{one.name.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</a> "
    f"<span>{one.price}</span> </li> "
    for one in _PRODUCTS
]

PAGE = Case("page", "A small page", _HEAD + "".join(_LINES) + "</ul> </main> </body> </html>")

CASES = {PAGE.name: PAGE}
"""What is measured."""
