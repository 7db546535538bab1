"""The surfaces by which examples of inbound actions and of channels are tests over websockets."""

import asyncio
from datetime import UTC, datetime

import chatter
import pytest
import talk

from servey_channels.surface import channel_surface
from servey_core import (
    Authorization,
    EventExample,
    History,
    ScopeAccessControl,
    action_of,
    start,
    websocket_channel,
)
from servey_core.testing import ExampleFailed, ExampleRunner, cases_of

GIVEN = {"state": "memory:", "channels_url": "memory:", "broker_url": "memory:"}
BOB = Authorization("bob", frozenset({"b"}))
EXPIRED = Authorization("bob", expires_at=datetime(2020, 1, 1, tzinfo=UTC))


def given(name, *, reaches=(), misses=(), **options):
    example = EventExample("hello", "hello", reaches, misses)
    return websocket_channel(name, str, examples=(example,), **options)


def started(module):
    found = [one for one in vars(module).values() if callable(one) and action_of(one) is not None]
    channels = [one for one in vars(module).values() if type(one).__name__ == "WebsocketChannel"]
    return start(actions=[action_of(one) for one in found], channels=channels, given=GIVEN)


def test_examples_of_inbound_actions_are_called_over_a_websocket():
    runtime = started(talk)
    cases = [case for case in cases_of(runtime) if case.surface.name == "channel"]
    assert {case.action.name for case in cases} >= {"say", "place", "who_am_i"}
    with ExampleRunner(runtime) as runner:
        for case in cases:
            runner.run(case)


def test_examples_of_channels_are_heard_over_real_sockets_by_whom_they_are_for():
    runtime = started(talk)
    cases = cases_of(runtime, ["websocket"])
    assert [str(case) for case in cases] == [
        "messenger[1-websocket]",
        "messenger[2-websocket]",
        "orders[pens-websocket]",
        "orders[unlucky-websocket]",
    ]
    with ExampleRunner(runtime) as runner:
        for case in cases:
            runner.run(case)


def test_every_surface_is_open_beside_the_others():
    runtime = started(talk)
    with ExampleRunner(runtime) as runner:
        for case in cases_of(runtime):
            runner.run(case)


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        (given("filtered", reaches=(BOB,), event_filter=lambda *_: False), "nothing"),
        (given("closed", reaches=(BOB,), access_control=ScopeAccessControl("a")), "problem 403"),
        (given("open", misses=(BOB, None)), 'got       "hello"'),
        (given("expired", reaches=(EXPIRED,)), "problem 401"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_examples_of_channels_that_do_not_hold_are_told(channel, told):
    runtime = start(actions=[], channels=[channel], given=GIVEN)
    [case] = cases_of(runtime, ["websocket"])
    with ExampleRunner(runtime) as runner, pytest.raises(ExampleFailed, match=told):
        runner.run(case)


def test_a_channel_without_history_is_heard_too():
    channel = websocket_channel("fleeting", str, history=History(0), examples=("hello",))
    runtime = start(actions=[], channels=[channel], given=GIVEN)
    [case] = cases_of(runtime, ["websocket"])
    with ExampleRunner(runtime) as runner:
        runner.run(case)


def test_what_comes_back_is_the_result_or_the_problem():
    runtime = started(chatter)
    surface = channel_surface(runtime)
    assert not surface.serves(runtime.actions["memory"])

    async def call(name, params, who=None):
        async with surface.open() as caller:
            return await caller(runtime.actions[name], params, who)

    ann = Authorization("ann", frozenset({"insider"}))
    assert asyncio.run(call("echo", {"text": "é", "count": 2})).result == "éé"
    assert asyncio.run(call("who_am_i", {}, ann)).result == "ann"
    assert asyncio.run(call("guarded", {"text": "a"}, ann)).result == "a"
    assert asyncio.run(call("guarded", {"text": "a"})).problem["status"] == 401
    assert asyncio.run(call("echo", {"text": 1})).problem["status"] == 422
