"""Arguments that come from two places: one signature in two parts."""

import pytest

from servey_core import InvalidInput, Signature, action, action_of


@action
def put(key: int, value: str, note: str = "") -> None: ...


def signature() -> Signature:
    found = action_of(put)
    assert found is not None
    return Signature(found)


def test_each_part_reads_its_own() -> None:
    whole = signature()
    assert whole.from_texts([("key", "1"), ("value", "x")]) == {"key": 1, "value": "x"}
    key, rest = whole.only(["key"]), whole.only(["value", "note"])
    assert key.from_texts([("key", "7")]) == {"key": 7}
    assert rest.from_json(b'{"value": "x"}') == {"value": "x"}
    assert list(whole.parameters) == ["key", "value", "note"]


def test_a_part_refuses_what_the_other_reads() -> None:
    with pytest.raises(InvalidInput) as refused:
        signature().only(["value"]).from_json(b'{"value": "x", "key": 7}')
    assert [one.pointer for one in refused.value.errors] == ["#/key"]
