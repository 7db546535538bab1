"""What the document says of results: each way in which one may leave, and it alone."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from servey_core import (
    WEB_GET,
    WEB_POST,
    ContentType,
    Example,
    File,
    Redirect,
    Response,
    SecureHashCacheControl,
    WebTrigger,
    action,
)

OCTETS = {"type": "string", "contentMediaType": "application/octet-stream"}


@dataclass
class Item:
    number: int


@action(triggers=WebTrigger("POST", status=201))
def made() -> Item: ...


@action(triggers=WebTrigger("POST", status=204))
def gone() -> None: ...


@action(
    triggers=WEB_GET,
    cache_control=SecureHashCacheControl(),
    examples=Example("two", result="a,b\n"),
)
def as_text() -> Annotated[str, ContentType("text/csv")]: ...


@action(triggers=WEB_GET)
def as_bytes() -> bytes: ...


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl())
def as_file() -> File: ...


@action(triggers=WEB_POST)
def put_file() -> File: ...


@action(triggers=WEB_GET)
def perhaps_as_file() -> File | None: ...


@action(triggers=WEB_GET)
def elsewhere() -> Redirect: ...


@action(
    triggers=WEB_GET,
    examples=(Example("here", result=Item(1)), Example("elsewhere", result=Redirect("/x"))),
)
def here_or_elsewhere() -> Item | Redirect: ...


@action(triggers=WEB_GET)
def as_it_likes(response: Response) -> Item: ...


@action(triggers=WEB_GET, examples=Example("one", result=[Item(1)]))
async def stream() -> AsyncIterator[Item]:
    """Count.

    Returns:
        The numbers.
    """
    yield Item(1)


@action(triggers=WEB_GET)
async def lines() -> Annotated[AsyncIterator[str], ContentType("text/plain")]:
    yield "line\n"


ACTIONS = [
    made,
    gone,
    as_text,
    as_bytes,
    as_file,
    put_file,
    perhaps_as_file,
    elsewhere,
    here_or_elsewhere,
    as_it_likes,
    stream,
    lines,
]
ITEM = {"$ref": "#/components/schemas/Item"}


@pytest.fixture(scope="module")
def document(started: Any) -> Any:
    return json.loads(started(ACTIONS).generate("openapi")[0].text)


def answers(document: Any, path: str, method: str = "get") -> dict[str, Any]:
    """The answers that are no problems."""
    found = document["paths"][f"/actions/{path}"][method]["responses"]
    return {status: one for status, one in found.items() if status[0] in "23"}


def contents(document: Any, path: str, status: str = "200") -> dict[str, Any]:
    content = answers(document, path)[status]["content"]
    return {kind: one["schema"] for kind, one in content.items()}


def test_it_is_valid(document: Any) -> None:
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_the_status_is_the_triggers(document: Any) -> None:
    assert list(answers(document, "made", "post")) == ["201"]
    assert answers(document, "gone", "post") == {"204": {"description": "The result."}}


def test_a_text_or_bytes_are_of_their_own_type(document: Any) -> None:
    assert contents(document, "as-text") == {"text/csv; charset=utf-8": {"type": "string"}}
    assert contents(document, "as-bytes") == {"application/octet-stream": OCTETS}
    found = answers(document, "as-text")
    assert found["200"]["content"]["text/csv; charset=utf-8"]["examples"] == {
        "two": {"value": "a,b\n"}
    }
    assert "304" in found


def test_a_file_may_be_of_any_type(document: Any) -> None:
    assert contents(document, "as-file") == {"*/*": OCTETS}
    assert list(answers(document, "as-file")) == ["200", "206"]
    assert list(answers(document, "put-file", "post")) == ["200"]
    assert contents(document, "perhaps-as-file") == {
        "*/*": OCTETS,
        "application/json": {"type": "null"},
    }


def test_a_part_of_a_file_can_be_asked_for(document: Any) -> None:
    found = document["paths"]["/actions/as-file"]["get"]["responses"]
    assert contents(document, "as-file", "206") == {"*/*": OCTETS}
    assert found["206"]["headers"].keys() == found["416"]["headers"].keys() == {"Content-Range"}
    [example] = found["416"]["content"]["application/problem+json"]["examples"].values()
    assert example["value"]["type"] == "urn:servey:problem:range-not-satisfiable"
    for path, method in (("put-file", "post"), ("as-bytes", "get")):
        others = document["paths"][f"/actions/{path}"][method]["responses"]
        assert not {"206", "416"} & others.keys()


def test_a_redirect_says_where(document: Any) -> None:
    found = answers(document, "elsewhere")
    assert list(found) == ["3XX"]
    assert found["3XX"]["headers"]["Location"]["required"] is True
    either = answers(document, "here-or-elsewhere")
    assert list(either) == ["200", "3XX"]
    examples = either["200"]["content"]["application/json"]["examples"]
    assert examples == {"here": {"value": {"number": 1}}}
    assert contents(document, "here-or-elsewhere") == {"application/json": ITEM}
    assert set(document["components"]["schemas"]) == {"Item", "Problem"}


def test_an_action_with_a_response_may_choose_its_status(document: Any) -> None:
    assert list(answers(document, "as-it-likes")) == ["200", "2XX"]
    assert contents(document, "as-it-likes", "2XX") == {"application/json": ITEM}


def test_a_stream_is_described_by_its_items(document: Any) -> None:
    kinds = {"application/jsonl": ITEM, "text/event-stream": ITEM}
    assert contents(document, "stream") == kinds
    description = answers(document, "stream")["200"]["description"]
    assert description.startswith("The numbers.\n\nIt comes item by item: ")


def test_a_stream_of_texts_is_a_text(document: Any) -> None:
    assert contents(document, "lines") == {"text/plain; charset=utf-8": {"type": "string"}}
