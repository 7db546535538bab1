"""A small collection of books: paths with parameters, bodies, and problems of several kinds."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from servey_core import (
    WEB_POST,
    Conflict,
    Example,
    InvalidInput,
    NotFound,
    ProblemError,
    WebTrigger,
    action,
)


@dataclass(frozen=True)
class Book:
    """A book.

    Attributes:
        isbn: Its number.
        title: Its title.
        published: When it first came out.
        copies: How many there are.
    """

    isbn: Annotated[str, Field(pattern="^[0-9][0-9-]*$")]
    title: str
    published: date
    copies: int = 1


class OutOfStockError(ProblemError):
    """A problem of the application's own."""

    status = 409
    title = "Every copy is lent"


_EMMA = Book("0-14-143958-8", "Emma", date(1815, 12, 23), copies=3)
_ULYSSES = Book("0-679-72276-9", "Ulysses", date(1922, 2, 2), copies=0)
_BOOKS = {book.isbn: book for book in (_EMMA, _ULYSSES)}
_MIDDLEMARCH = Book("0-14-143954-5", "Middlemarch", date(1871, 12, 1))


@action(
    triggers=WebTrigger("GET", "/books/{isbn}"),
    tags="books",
    examples=(
        Example("emma", {"isbn": _EMMA.isbn}, _EMMA),
        Example("unknown", {"isbn": "none"}, raises=NotFound),
    ),
)
def get_book(isbn: str) -> Book:
    """Look up one book."""
    if isbn not in _BOOKS:
        raise NotFound(f"No book has the number {isbn}.")
    return _BOOKS[isbn]


@action(
    triggers=WebTrigger("GET", "/books"),
    tags="books",
    examples=(
        Example("all", result=[_EMMA, _ULYSSES]),
        Example("before", {"before": date(1900, 1, 1)}, [_EMMA]),
        Example("titled", {"title": "uly"}, [_ULYSSES]),
        Example("none", {"title": "z"}, []),
    ),
)
def find_books(title: str = "", before: date | None = None) -> list[Book]:
    """Search the books.

    Args:
        title: A part of the title.
        before: A date that the book came out before.
    """
    found = (book for book in _BOOKS.values() if title.lower() in book.title.lower())
    return [book for book in found if before is None or book.published < before]


@action(
    triggers=WebTrigger("POST", "/books"),
    tags="books",
    examples=(
        Example("new", {"book": _MIDDLEMARCH}, _MIDDLEMARCH),
        Example("taken", {"book": _EMMA}, raises=Conflict),
        Example("incomplete", {"book": {"isbn": "0"}}, raises=InvalidInput),
    ),
)
def add_book(book: Book) -> Book:
    """Check a book in; this collection does not keep it."""
    if book.isbn in _BOOKS:
        raise Conflict(f"There is a book with the number {book.isbn} already.")
    return book


@action(
    triggers=WebTrigger("PUT", "/books/{isbn}/copies"),
    tags="books",
    examples=(
        Example("five", {"isbn": _EMMA.isbn, "copies": 5}, 5),
        Example("unknown", {"isbn": "none", "copies": 5}, raises=NotFound),
    ),
)
def count_copies(isbn: str, copies: int) -> int:
    """Set how many copies there are: one parameter in the path, the other in the body."""
    get_book(isbn)
    return copies


@action(
    triggers=(WebTrigger("DELETE", "/books/{isbn}"), WEB_POST),
    tags="books",
    examples=(
        Example("emma", {"isbn": _EMMA.isbn}),
        Example("unknown", {"isbn": "none"}, raises=NotFound),
    ),
)
def remove_book(isbn: str) -> None:
    """Check a book out for ever, by its path or by name."""
    get_book(isbn)


@action(
    triggers=WebTrigger("POST", "/books/{isbn}/loans"),
    tags="books",
    examples=(
        Example("emma", {"isbn": _EMMA.isbn, "days": 14}, "Emma, for 14 days"),
        Example("lent", {"isbn": _ULYSSES.isbn}, raises=OutOfStockError),
        Example("unknown", {"isbn": "none"}, raises=NotFound),
    ),
)
def borrow(isbn: str, days: int = 30) -> str:
    """Borrow a book; the problem carries a member of its own."""
    book = get_book(isbn)
    if not book.copies:
        raise OutOfStockError(f"{book.title} will be back.", waiting=7)
    return f"{book.title}, for {days} days"
