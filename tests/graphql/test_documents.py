"""Documents that were found good, and are kept."""

from collections.abc import Callable
from typing import Any

import pytest

from servey_core import WEB_GET, action
from servey_graphql.serving.documents import Document, Documents
from servey_graphql.serving.problems import InvalidDocument
from servey_graphql.serving.routes import engine_of


@action(triggers=WEB_GET)
async def say_hello() -> str:
    return "Hello"


Open = Callable[..., Documents]


@pytest.fixture
def documents(started: Any) -> Open:
    """The documents of an application with these settings."""

    def opened(**settings: Any) -> Documents:
        return engine_of(started([say_hello], **settings)).documents

    return opened


def text(number: int) -> str:
    """One of many documents, all of 16 characters."""
    return f"{{ a{number}: sayHello }}"


def kept(known: Documents, number: int) -> Document:
    """A document that is kept, for it was asked for more than once."""
    known.get(text(number))
    return known.get(text(number))


def test_a_document_is_kept_when_it_is_asked_for_again(documents: Open) -> None:
    known = documents()
    first, document = known.get(text(1)), known.get(text(1))
    assert document is not first
    assert known.get(text(1)) is document
    assert document.operation(None) is document.operation(None)


def test_what_comes_once_takes_nobodys_place(documents: Open) -> None:
    known = documents(graphql_cached_documents=1)
    document = kept(known, 1)
    for number in range(2, 40):
        known.get(text(number))
    assert known.get(text(1)) is document


def test_that_a_document_came_is_forgotten_after_many_others(documents: Open) -> None:
    known = documents(graphql_cached_documents=1)
    known.get(text(1))
    for number in range(2, 40):
        known.get(text(number))
    once = known.get(text(1))
    assert known.get(text(1)) is not once


def test_only_so_many_are_kept_those_that_were_asked_for_last(documents: Open) -> None:
    known = documents(graphql_cached_documents=2)
    first, second = kept(known, 1), kept(known, 2)
    assert known.get(text(1)) is first
    kept(known, 3)
    assert known.get(text(1)) is first
    assert known.get(text(2)) is not second


def test_they_are_only_so_long_together(documents: Open) -> None:
    known = documents(graphql_cached_characters=2 * len(text(1)))
    first, second = kept(known, 1), kept(known, 2)
    assert known.get(text(1)) is first
    assert known.get(text(2)) is second
    kept(known, 3)
    assert known.get(text(2)) is second
    assert known.get(text(1)) is not first


def test_what_is_longer_than_all_that_is_kept_runs_nevertheless(documents: Open) -> None:
    known = documents(graphql_cached_characters=5)
    assert kept(known, 1).operation(None).reads
    assert known.get(text(1)) is not known.get(text(1))


def test_what_was_refused_takes_nobodys_place(documents: Open) -> None:
    known = documents(graphql_cached_documents=1)
    document = kept(known, 1)
    for bad in ("{", "{ nothing }"):
        for _ in range(2):
            with pytest.raises(InvalidDocument):
                known.get(bad)
    assert known.get(text(1)) is document
