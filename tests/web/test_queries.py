"""Query strings, beside the standard library's parser."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_core import BadRequest, InvalidInput, action, action_of
from servey_core.signatures import Signature
from servey_web.arguments.queries import parse_query
from servey_web.arguments.readers import query_reader

PARTS = st.sampled_from(["a", "=", "&", "+", "%", "%41", "%C3%A9", "%20", "é", ";", "%2B", "%26"])


@given(st.lists(PARTS).map("".join))
def test_reads_what_the_standard_library_reads(text: str) -> None:
    try:
        expected = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(BadRequest):
            parse_query(text.encode())
    else:
        assert parse_query(text.encode()) == expected


@given(st.binary())
def test_refuses_what_it_cannot_read(query: bytes) -> None:
    try:
        pairs = parse_query(query)
    except BadRequest:
        return
    assert not any("\0" in text or "\ufffd" in text for pair in pairs for text in pair) or (
        b"\xef\xbf\xbd" in query
    )


@pytest.mark.parametrize("query", [b"a=%FF", b"a=\xff", b"%ED%A0%80=a", b"a=%00", b"a=\0"])
def test_invalid_utf8_and_nul_are_refused(query: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_query(query)


@action
def search(text: str, number: int = 1, share: float = 0.0, sure: bool = False) -> None: ...


SEARCH = Signature(action_of(search))
READ = query_reader(SEARCH, ())
READ_PATH = query_reader(SEARCH, ("text",))


def outcome(read: Callable[[Any], dict[str, Any]], raw: Any) -> object:
    try:
        return read(raw)
    except (BadRequest, InvalidInput) as error:
        return type(error), error.errors


NAMES = st.sampled_from(["text", "number", "share", "sure", "other", "", "te%78t"])
TEXTS = st.sampled_from(
    [
        "a",
        "",
        "1",
        "007",
        "-1",
        "1_0",
        " 1",
        "1.0",
        "1e9",
        "nan",
        "inf",
        "true",
        "é",
        "%20",
        "+",
        "\0",
    ]
)
PAIRS = st.tuples(NAMES, st.sampled_from(["=", "", "=="]), TEXTS).map("".join)


@given(st.lists(PAIRS).map("&".join))
def test_what_is_usual_is_read_as_anything_is(query: str) -> None:
    expected = outcome(lambda text: SEARCH.from_texts(parse_query(text)), query.encode())
    assert outcome(READ, {"query_string": query.encode()}) == expected


@given(TEXTS | st.text(), st.sampled_from(["", "number=1", "number=x", "text=y"]))
def test_a_path_is_read_as_any_text_is(text: str, query: str) -> None:
    if "\0" in text or "\ufffd" in text:
        expected: object = (BadRequest, ())
    else:
        pairs = [("text", text), *parse_query(query.encode())]
        expected = outcome(SEARCH.from_texts, pairs)
    scope = {"query_string": query.encode(), "path_params": {"text": text}}
    assert outcome(READ_PATH, scope) == expected
