"""Query strings, beside the standard library's parser."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_core import BadRequest
from servey_rest.queries import parse_query

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
