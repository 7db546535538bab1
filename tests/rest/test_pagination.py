"""Pages over HTTP: cursors are followed to the end, and are texts to everybody else."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import Field

from servey_core import WEB_GET, WEB_POST, Cursor, Example, Page, WebTrigger, action
from servey_core.testing.cases import cases_of
from servey_core.testing.running import ExampleRunner


@dataclass(frozen=True)
class Book:
    title: str
    published: date


@dataclass(frozen=True)
class Place:
    published: date
    title: str


BOOKS = [Book(f"Volume {number:02}", date(1900 + number // 3, 1, 1)) for number in range(25)]
Limit = Annotated[int, Field(ge=1, le=100)]


@action(
    triggers=(WEB_GET, WEB_POST),
    examples=[
        Example("first", {"limit": 1}, Page(BOOKS[:1], next=1)),
        Example("second", {"after": 1, "limit": 1}, Page(BOOKS[1:2], next=2)),
        Example("last", {"after": 24}, Page(BOOKS[24:])),
    ],
)
def list_books(after: Cursor[int] = 0, limit: Limit = 10) -> Page[Book]:
    end = after + limit
    return Page(BOOKS[after:end], next=end if end < len(BOOKS) else None)


@action(triggers=(WEB_GET, WEB_POST))
def books_by_date(after: Cursor[Place] | None = None, limit: Limit = 10) -> Page[Book]:
    """Keyset pagination: the place is what the order is by."""
    found = [one for one in BOOKS if after is None or place_of(one) > key_of(after)]
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    return Page(found[:limit], next=Place(last.published, last.title))


@action(triggers=WebTrigger("GET", "/books/from/{after}"))
def books_from(after: Cursor[tuple[int, str]]) -> list[Any]:
    return list(after)


def place_of(book: Book) -> tuple[date, str]:
    return book.published, book.title


def key_of(place: Place) -> tuple[date, str]:
    return place.published, place.title


ACTIONS = [list_books, books_by_date, books_from]


@pytest.mark.parametrize("limit", [1, 7, 25])
@pytest.mark.parametrize("path", ["/actions/list-books", "/actions/books-by-date"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cursors_are_followed_to_the_end(app, path, limit, method) -> None:
    titles: list[str] = []
    arguments: dict[str, Any] = {"limit": limit}
    while True:
        how = {"params": arguments} if method == "GET" else {"json": arguments}
        page = app.client.request(method, path, **how).raise_for_status().json()
        titles += [one["title"] for one in page["items"]]
        if page["next"] is None:
            break
        arguments["after"] = page["next"]
    assert titles == [one.title for one in BOOKS]


def test_a_cursor_needs_no_quoting_in_a_url(app) -> None:
    page = app.get("/actions/books-by-date?limit=1").json()
    assert app.get(f"/actions/books-by-date?after={page['next']}&limit=1").status_code == 200
    assert app.get("/books/from/1WzEsImEvYiJd").json() == [1, "a/b"]


@pytest.mark.parametrize("after", ["5", "1NQ==", "1IjUi", "", "1NQ%20"])
def test_what_no_page_gave_is_one_bad_field(app, after) -> None:
    answer = app.get(f"/actions/list-books?after={after}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["type"]) == ("#/after", "cursor")
    assert error["detail"] == "This is not a cursor that this API gave out"


def test_another_list_has_other_cursors(app) -> None:
    page = app.get("/actions/list-books?limit=1").json()
    assert app.get(f"/actions/books-by-date?after={page['next']}").status_code == 422


def test_examples_hold_on_every_surface(app) -> None:
    with ExampleRunner(app.runtime) as runner:
        cases = cases_of(app.runtime)
        assert len(cases) > 9
        for case in cases:
            runner.run(case)


def test_the_document_is_valid_and_calls_cursors_texts(app) -> None:
    document = app.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    operation = document["paths"]["/actions/list-books"]["get"]
    after = next(one for one in operation["parameters"] if one["name"] == "after")
    assert after["schema"]["type"] == "string"
    assert after["examples"]["second"]["value"] == "1MQ"
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/BookPage"}
    page = document["components"]["schemas"]["BookPage"]
    assert page["required"] == ["items", "next"]
    assert [one["type"] for one in page["properties"]["next"]["anyOf"]] == ["string", "null"]
