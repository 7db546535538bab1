"""Channels as fields of `Subscription`: their names and types, and what cannot be one."""

from dataclasses import dataclass

import pytest
from subscribing import APPLICATION, big_news, change, counts, echo

from servey_core import Runtime, websocket_channel
from servey_graphql.schema import build_schema, sdl_text
from servey_graphql.schema.refusals import SubscriptionError


def part(text, head):
    return text[text.index(head) :].split("\n}")[0] + "\n}"


def test_each_channel_is_a_field(started):
    text = sdl_text(started(APPLICATION))
    assert (
        part(text, "type Subscription")
        == '''type Subscription {
  """What happens."""
  bigNews: Note
  counts: Int
  mine: Note
  secret: Note
}'''
    )
    assert 'shout(mark: String! = "!"): String' in text


def test_an_application_may_have_channels_alone(started):
    schema = build_schema(started([counts]))
    assert list(schema.subscription_type.fields) == ["counts"]
    assert list(schema.query_type.fields) == ["_empty"]


def test_without_channels_there_is_no_subscription(started):
    assert "Subscription" not in sdl_text(started([echo, change]))


def test_where_nothing_delivers_channels_there_is_no_subscription(started, monkeypatch):
    monkeypatch.setattr(Runtime, "delivers", lambda *_: False)
    assert "Subscription" not in sdl_text(started([echo, big_news]))


@dataclass
class Empty:
    """Nothing."""


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ([websocket_channel("a.b", int), websocket_channel("a_b", int)], "has 'aB' twice"),
        ([websocket_channel("__x", int)], "has '__x', which is no name"),
        ([websocket_channel("empty", Empty)], "has no fields"),
    ],
)
def test_what_cannot_be_a_field_is_told_with_its_channel(started, channels, reason):
    with pytest.raises(SubscriptionError) as raised:
        sdl_text(started(channels))
    assert f"Channel {channels[-1].name!r}" in str(raised.value)
    assert reason in str(raised.value)
