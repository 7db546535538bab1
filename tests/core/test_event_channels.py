"""Channels as data: what reads their events says what is wrong with them."""

from dataclasses import dataclass

import pytest

from servey_core import ChannelTrigger, ConfigurationError, InvalidInput, websocket_channel


@dataclass(frozen=True)
class Line:
    article: str
    count: int = 1


@dataclass(frozen=True)
class Order:
    lines: tuple[Line, ...]


orders = websocket_channel("orders", Order)


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        (b'{"lines": [{"article": "pen", "count": "no"}]}', ["#/lines/0/count"]),
        (b'{"lines": [{"article": "pen"}, {"count": 2}]}', ["#/lines/1/article"]),
        (b'{"lines": [{"article": 1, "count": []}]}', ["#/lines/0/article", "#/lines/0/count"]),
        (b"{}", ["#/lines"]),
        (b"[]", ["#"]),
        (b"nonsense", ["#"]),
    ],
)
def test_each_fault_of_an_event_is_pointed_to(text: bytes, pointers: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        orders.from_json(text)
    assert [one.pointer for one in refused.value.errors] == pointers


@pytest.mark.parametrize("name", ["", "1", "a b", "a/b", "a{b}", "é", "a" * 65, "a\n"])
def test_what_cannot_stand_in_addresses_and_documents_is_no_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="a name is made of"):
        websocket_channel(name, Order)
    with pytest.raises(ValueError, match="name is made of"):
        ChannelTrigger(name)
