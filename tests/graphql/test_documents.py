"""Documents that were found good, and are kept."""

from collections.abc import Callable
from typing import Any

import pytest

from servey_core import WEB_GET, action
from servey_graphql.serving.documents import Documents
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


def test_a_document_is_looked_at_once(documents: Open) -> None:
    known = documents()
    document = known.get(text(1))
    assert known.get(text(1)) is document
    assert document.operation(None) is document.operation(None)


def test_only_so_many_are_kept_those_that_were_asked_for_last(documents: Open) -> None:
    known = documents(graphql_cached_documents=2)
    first, second = known.get(text(1)), known.get(text(2))
    assert known.get(text(1)) is first
    known.get(text(3))
    assert known.get(text(1)) is first
    assert known.get(text(2)) is not second


def test_they_are_only_so_long_together(documents: Open) -> None:
    known = documents(graphql_cached_characters=2 * len(text(1)))
    first, second = known.get(text(1)), known.get(text(2))
    assert known.get(text(1)) is first
    assert known.get(text(2)) is second
    known.get(text(3))
    assert known.get(text(2)) is second
    assert known.get(text(1)) is not first


def test_what_is_longer_than_all_that_is_kept_runs_nevertheless(documents: Open) -> None:
    known = documents(graphql_cached_characters=5)
    assert known.get(text(1)).operation(None).reads
    assert known.get(text(1)) is not known.get(text(1))


def test_what_was_refused_takes_nobodys_place(documents: Open) -> None:
    known = documents(graphql_cached_documents=1)
    kept = known.get(text(1))
    for bad in ("{", "{ nothing }"):
        with pytest.raises(InvalidDocument):
            known.get(bad)
    assert known.get(text(1)) is kept
