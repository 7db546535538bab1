"""The hub gives each subscriber each event once, in order, whatever the log's delays."""

import asyncio
import json

import pytest

from servey_channels.app import channels_mount
from servey_channels.hub.hub import Hub
from servey_channels.logs.memory import MemoryLog
from servey_core import ConfigurationError, Position, start, websocket_channel

CHANNEL = websocket_channel("c", str)
MEGABYTE = 1024 * 1024


class Late(MemoryLog):
    """A log whose followers hear of events when they are let."""

    def __init__(self):
        super().__init__()
        self.given = []

    async def follow(self, deliver, health, ready):
        self.deliver = deliver
        await super().follow(lambda *batch: self.given.append(batch), health, ready)

    def let(self):
        given, self.given = self.given, []
        for batch in given:
            self.deliver(*batch)


class Heard:
    """A subscriber."""

    authorization = None

    def __init__(self, name="me"):
        self.id = name
        self.messages = []
        self.has_room = asyncio.Event()
        self.has_room.set()

    def deliver(self, batch):
        self.messages += [json.loads(one.text) for one in batch.messages]

    async def room(self):
        await self.has_room.wait()

    @property
    def offsets(self):
        return [one["offset"] for one in self.messages if one["type"] == "event"]

    @property
    def gaps(self):
        return [one["offset"] for one in self.messages if one["type"] == "gap"]


def hubbed(test):
    async def run():
        log = Late()
        hub = Hub(log)
        async with hub.running():
            await test(hub, log)

    asyncio.run(run())


async def put(log, count, size=1, target=""):
    for _ in range(count):
        event = b'"%b"' % (b"1" * size)
        here = await log.aappend("c", event, target=target, history=CHANNEL.history)
    await asyncio.sleep(0)
    return here


async def subscribe(hub, heard, since=None):
    announced = []
    await hub.subscribe(heard, CHANNEL, since, lambda *place: announced.append(place))
    return announced[0]


def test_what_the_log_tells_late_does_not_come_twice():
    async def test(hub, log):
        await put(log, 5)
        fresh, resumed = Heard(), Heard()
        assert (await subscribe(hub, fresh))[0].offset == 5
        epoch = (await log.position("c")).epoch
        assert (await subscribe(hub, resumed, Position(epoch, 2)))[1]
        await put(log, 1)
        log.let()
        await put(log, 1)
        log.let()
        assert fresh.offsets == [6, 7]
        assert resumed.offsets == [3, 4, 5, 6, 7]
        assert fresh.gaps == resumed.gaps == []

    hubbed(test)


def test_what_comes_while_earlier_events_are_given_is_given_after_them():
    async def test(hub, log):
        here = await put(log, 3)
        heard = Heard()
        heard.has_room.clear()
        subscribing = asyncio.ensure_future(subscribe(hub, heard, Position(here.epoch, 0)))
        await asyncio.sleep(0)
        await put(log, 2)
        log.let()
        heard.has_room.set()
        await subscribing
        await put(log, 1)
        log.let()
        assert heard.offsets == [1, 2, 3, 4, 5, 6]
        assert heard.gaps == []

    hubbed(test)


def test_more_than_is_held_back_is_read_again():
    async def test(hub, log):
        here = await put(log, 3)
        heard = Heard()
        heard.has_room.clear()
        subscribing = asyncio.ensure_future(subscribe(hub, heard, Position(here.epoch, 0)))
        await asyncio.sleep(0)
        await put(log, 10, size=MEGABYTE // 4)
        log.let()
        heard.has_room.set()
        await subscribing
        await put(log, 1)
        log.let()
        assert heard.offsets == list(range(1, 15))
        assert heard.gaps == []

    hubbed(test)


def test_what_is_lost_is_told_to_those_who_hear_of_it():
    async def test(hub, log):
        await put(log, 1)
        heard = Heard()
        await subscribe(hub, heard)
        await put(log, 1)
        log.let()
        await put(log, 2)
        late = Heard("late")
        await subscribe(hub, late)
        log.given.clear()  # lost
        await put(log, 2)
        log.let()
        assert (heard.offsets, heard.gaps) == ([2, 5, 6], [4])
        assert (late.offsets, late.gaps) == ([5, 6], [])

    hubbed(test)


def test_another_epoch_is_told():
    async def test(hub, log):
        heard = Heard()
        await subscribe(hub, heard)
        await put(log, 2)
        log.let()
        log._epoch = "another"
        log._streams.clear()
        entry = log.given
        await put(log, 1)
        assert entry is log.given
        hub._deliver("another", log.given[0][1])
        assert heard.gaps == [0]
        assert heard.offsets == [1, 2, 1]

    hubbed(test)


def test_a_subscriber_that_breaks_harms_no_other(caplog):
    async def test(hub, log):
        def breaks(batch):
            raise RuntimeError("broken")

        several = [Heard(str(number)) for number in range(3)]
        for one in several:
            await subscribe(hub, one)
        several[1].deliver = breaks
        await put(log, 3)
        log.let()
        assert several[0].offsets == several[2].offsets == [1, 2, 3]

    hubbed(test)
    assert "The connection 1 cannot be given events" in caplog.text


def test_one_frame_is_made_for_all():
    async def test(hub, log):
        batches = []
        several = [Heard(str(number)) for number in range(3)]
        for one in several:
            await subscribe(hub, one)
        await put(log, 1)
        log.let()
        for one in several:
            one.deliver = batches.append
        await put(log, 2)
        log.let()
        assert len(batches) == 3
        assert len({id(batch.frames) for batch in batches}) == 1

    hubbed(test)


async def _decides(event, who):
    return False


class Decides:
    async def __call__(self, event, who):
        return False


@pytest.mark.parametrize("event_filter", [_decides, Decides()])
def test_a_filter_that_is_a_coroutine_function_is_refused(event_filter):
    channel = websocket_channel("c", int, event_filter=event_filter)
    runtime = start(actions=[], channels=[channel], given={"state": "memory:"})
    with pytest.raises(ConfigurationError, match="event_filter is a coroutine"):
        channels_mount(runtime)
