"""Channels whose events are jobs."""

import asyncio
from dataclasses import dataclass

import pytest
from waiting import PATIENCE

from servey_core import (
    Background,
    ConfigurationError,
    InvalidInput,
    action,
    background_channel,
    current_job,
)


@dataclass(frozen=True)
class CakeBaked:
    name: str
    layers: int = 1


SEEN: list[tuple[CakeBaked, bool]] = []


@action(background=Background(keep_result=60))
def on_baked(event: CakeBaked) -> None:
    SEEN.append((event, current_job() is not None))


def not_an_action(event: CakeBaked) -> None: ...


BAKED = background_channel(on_baked)


@pytest.fixture(autouse=True)
def application(background_app):
    SEEN.clear()
    return background_app(on_baked)


def test_each_event_is_a_job():
    job = BAKED.publish(CakeBaked("plum", 3))
    asyncio.run(job.result(PATIENCE))
    assert (job.action, SEEN) == ("on_baked", [(CakeBaked("plum", 3), True)])


def test_events_are_sent_from_an_event_loop():
    async def scenario():
        jobs = [await BAKED.apublish(CakeBaked(name)) for name in ("plum", "apple")]
        for job in jobs:
            await job.result(PATIENCE)

    asyncio.run(scenario())
    assert sorted(event.name for event, _ in SEEN) == ["apple", "plum"]


def test_what_is_no_event_of_the_channel_is_refused():
    with pytest.raises(InvalidInput) as caught:
        BAKED.publish({"name": "plum", "layers": "many"})  # type: ignore[arg-type]
    assert [one.pointer for one in caught.value.errors] == ["#/event/layers"]


def test_a_function_that_is_no_action_takes_no_events():
    with pytest.raises(ConfigurationError, match=r"not_an_action.* is no action"):
        background_channel(not_an_action).publish(CakeBaked("plum"))
