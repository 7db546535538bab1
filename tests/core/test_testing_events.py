"""Examples of channels as tests: what their verdict is, without what delivers events."""

from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import BaseModel, field_serializer

from servey_core import (
    ALLOW_NONE,
    AccessControl,
    Authorization,
    Channel,
    ChannelError,
    ChannelSurface,
    EventExample,
    Example,
    Heard,
    Runtime,
    ScopeAccessControl,
    UnknownNameError,
    action,
    action_of,
    start,
    webhook_channel,
    websocket_channel,
)
from servey_core.testing import ExampleFailed, ExampleRunner, cases_of

DENIED = tuple(point.name for point in entry_points(group="servey"))
ANN = Authorization("ann", frozenset({"read"}))
BOB = Authorization("bob", frozenset({"read"}))


@dataclass(frozen=True)
class Note:
    """An event."""

    text: str
    owner: str = ""


def is_for(note: Note, reader: Authorization | None) -> bool:
    return note.owner in ("", reader.subject if reader else None)


def application(*channels: Channel[Any], actions: Sequence[Any] = ()) -> Runtime:
    return start(actions=actions, channels=channels, given={"plugins_deny": DENIED})


def verdict(channel: Channel[Any], surface: ChannelSurface | None = None) -> str:
    """What is said of a channel's one example; empty where it holds."""
    runtime = application(channel)
    [case] = cases_of(runtime, ["event"])
    with ExampleRunner(runtime) as runner:
        try:
            runner.run(replace(case, surface=surface) if surface else case)
        except ExampleFailed as failure:
            return str(failure)
    return ""


def notes(*examples: Any, **given: Any) -> Channel[Note]:
    return websocket_channel("notes", Note, examples=examples, **given)


def test_examples_are_cases_after_those_of_actions() -> None:
    @action(examples=Example("world"))
    def hello() -> None: ...

    channel = notes(Note("a"), EventExample("named", Note("b")), Note("c"))
    found = action_of(hello)
    assert found is not None
    runtime = application(channel, actions=[found])
    assert [str(case) for case in cases_of(runtime)] == [
        "hello[world-function]",
        "hello[world-cli]",
        "notes[1-event]",
        "notes[named-event]",
        "notes[3-event]",
    ]
    assert [str(case) for case in cases_of(runtime, ["cli"])] == ["hello[world-cli]"]
    with pytest.raises(UnknownNameError, match=r"'evnet'.* mean 'event'"):
        cases_of(runtime, ["evnet"])


def test_some_are_left_out() -> None:
    channel = notes(EventExample("shown", Note("a"), include_in_tests=False))
    assert cases_of(application(channel)) == []


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ChannelError, match=r"'notes'.*two of its examples are called 'a'"):
        notes(EventExample("a", Note("a")), EventExample("a", Note("b")))


@pytest.mark.parametrize(
    ("example", "given"),
    [
        (Note("all"), {}),
        (Note("all"), {"event_filter": is_for}),
        (Note("hers", "ann"), {"event_filter": is_for}),
        (Note("all"), {"access_control": ScopeAccessControl("read")}),
        (Note("all"), {"access_control": ALLOW_NONE}),
        (EventExample("all", Note("all"), reaches=(None, ANN)), {"event_filter": is_for}),
        (
            EventExample("hers", Note("hers", "ann"), reaches=(ANN,), misses=(BOB, None)),
            {"event_filter": is_for, "access_control": ScopeAccessControl("read")},
        ),
    ],
    ids=[
        "nobody in particular",
        "nobody in particular whom the filter lets have it",
        "nobody in particular whom the filter keeps it from",
        "somebody with the scope",
        "nobody may",
        "several",
        "one and not others",
    ],
)
def test_what_reaches_whom_it_should_holds(example: Any, given: Mapping[str, Any]) -> None:
    assert not verdict(notes(example, **given))


def test_an_event_that_is_kept_from_whom_it_is_for_is_told() -> None:
    told = verdict(
        notes(EventExample("hers", Note("x", "ann"), reaches=(BOB,)), event_filter=is_for)
    )
    assert told.splitlines()[0] == "Example 'hers' of notes fails on event"
    assert __file__ in told
    assert '"subject":"bob"' in told
    assert 'expected  {"text":"x","owner":"ann"}' in told
    assert "got       nothing" in told


def test_an_event_that_reaches_others_is_told() -> None:
    told = verdict(notes(EventExample("hers", Note("x", "ann"), reaches=(ANN,), misses=(BOB,))))
    assert "expected  nothing" in told
    assert 'got       {"text":"x","owner":"ann"}' in told


def test_who_may_not_listen_and_should_hear_is_told() -> None:
    example = EventExample("all", Note("x"), reaches=(None,))
    told = verdict(notes(example, access_control=ScopeAccessControl("read")))
    assert "listener  nobody known" in told
    assert "got       problem 401" in told


def test_an_event_of_another_type_is_told() -> None:
    assert "the event is none of this channel" in verdict(notes(EventExample("odd", 5)))


def test_an_event_that_is_not_read_as_it_was_written_is_told() -> None:
    class Moment(BaseModel):
        at: datetime

        @field_serializer("at")
        def as_year(self, at: datetime) -> str:
            return str(at.year)

    moments = websocket_channel("moments", Moment, examples=(Moment(at=datetime.now(UTC)),))
    assert "expected" in verdict(moments)


def test_a_webhook_channel_has_no_listeners_to_name() -> None:
    orders = webhook_channel(
        "orders", Note, url="https://example.com", secret="SECRET", examples=(Note("a"),)
    )
    assert not verdict(orders)


def test_what_a_surface_changes_is_told_with_its_place() -> None:
    async def publish(channel: Any, event: Any, listeners: Sequence[Any]) -> list[Heard]:
        return [Heard(({"text": "x", "owner": "else"},)) for _ in listeners]

    @asynccontextmanager
    async def opened() -> Any:
        yield publish

    surface = ChannelSurface("odd", lambda _: True, opened)
    assert "differs   at #/owner" in verdict(notes(Note("x")), surface)


def test_a_filter_that_raises_is_an_error() -> None:
    def careless(note: Note, reader: Authorization | None) -> bool:
        return reader.subject == note.owner  # type: ignore[union-attr]

    with pytest.raises(AttributeError, match="subject"):
        verdict(notes(Note("a"), event_filter=careless))


def test_access_that_needs_more_than_scopes_is_tried_by_nobody_unless_named() -> None:
    class Friends(AccessControl):
        def allows(self, authorization: Authorization | None) -> bool:
            return authorization is not None and authorization.subject == "ann"

    assert not verdict(notes(Note("x"), access_control=Friends()))
    example = EventExample("hers", Note("x"), reaches=(ANN,), misses=(BOB, None))
    assert not verdict(notes(example, access_control=Friends()))
