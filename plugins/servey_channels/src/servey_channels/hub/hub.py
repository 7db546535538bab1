"""The hub of one process: follows the log, and gives each subscriber its events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby

from servey_channels.hub.made import Made, portions
from servey_channels.hub.messages import gap_message, told
from servey_channels.hub.subscriptions import AnyChannel, Subscriber, Subscription
from servey_channels.logs.base import Entry, EventLog, Replay
from servey_core import Position, ServeyError, Unavailable

_PAUSE = 0.5
"""How long to wait before a log that failed is followed again, in seconds."""

_log = logging.getLogger("servey.channels")

Announce = Callable[[Position, bool], None]
"""Told where a channel is, and whether all events since the subscriber's position are known."""


class Hub:
    """Gives subscribers their events, in the order of each channel.

    Args:
        log: Where events are.
    """

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self._subscriptions: dict[str, dict[Subscriber, Subscription]] = {}
        self._subscribers: dict[Subscriber, int] = {}
        self._seen: dict[str, tuple[str, int]] = {}
        self._healthy = True
        self._follows = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the log for as long as the context is open."""
        self._ready = asyncio.Event()
        following = asyncio.create_task(self._follow())
        await self._ready.wait()
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait({following})
            await self.log.close()

    async def subscribe(
        self,
        subscriber: Subscriber,
        channel: AnyChannel,
        since: Position | None,
        announce: Announce,
    ) -> None:
        """Give a subscriber a channel's events from now on, and those since a position.

        Args:
            subscriber: Who.
            channel: The channel; that the subscriber may have it is known.
            since: Where it was; None for events from now on alone.
            announce: Called before the first event.

        Raises:
            Unavailable: The log cannot be used just now; nothing is subscribed.
        """
        if not self._follows:  # what is appended before it does is not heard of
            raise Unavailable("Events are not heard of yet.")
        subscription = Subscription(subscriber, channel)
        self._subscriptions.setdefault(channel.name, {})[subscriber] = subscription
        self._subscribers[subscriber] = self._subscribers.get(subscriber, 0) + 1
        try:
            replay = await self._replay(channel, since)
            announce(replay.position, replay.recovered)
            if not self._healthy:
                subscriber.deliver(told({"type": "degraded"}))
            await self._send_earlier(subscription, replay)
            while subscription.overrun:
                subscription.begin_again()
                replay = await self.log.since(channel.name, subscription.place, channel.history)
                if not replay.recovered:
                    subscriber.deliver(gap_message(channel.name, replay.position))
                await self._send_earlier(subscription, replay)
        except BaseException:
            self.unsubscribe(subscriber, channel)
            raise
        subscription.waiting = None

    def unsubscribe(self, subscriber: Subscriber, channel: AnyChannel) -> bool:
        """Give a subscriber no more events of a channel; whether it got them."""
        subscriptions = self._subscriptions.get(channel.name, {})
        if subscriptions.pop(subscriber, None) is None:
            return False
        if not subscriptions:
            self._subscriptions.pop(channel.name, None)
        self._subscribers[subscriber] -= 1
        if not self._subscribers[subscriber]:
            del self._subscribers[subscriber]
        return True

    def subscriptions_of(self, subscriber: Subscriber) -> list[AnyChannel]:
        """The channels that a subscriber gets."""
        return [
            subscriptions[subscriber].channel
            for subscriptions in self._subscriptions.values()
            if subscriber in subscriptions
        ]

    async def _replay(self, channel: AnyChannel, since: Position | None) -> Replay:
        if since is None:
            return Replay((), recovered=True, position=await self.log.position(channel.name))
        return await self.log.since(channel.name, since, channel.history)

    async def _send_earlier(self, subscription: Subscription, replay: Replay) -> None:
        """Give a subscriber what it has missed, and what comes meanwhile, as it takes that."""
        subscription.place = replay.position
        for some in portions(replay.entries):
            subscription.send(Made(subscription.channel, replay.position.epoch, some))
            await subscription.subscriber.room()
        while (made := subscription.next_held_back()) is not None:
            _send_later(subscription, made)
            await subscription.subscriber.room()

    async def _follow(self) -> None:
        while True:
            try:
                await self.log.follow(self._deliver, self._tell_health, self._begin)
            except ServeyError as error:
                _log.warning("Events are not heard of just now: %s", error)
            except Exception:  # noqa: BLE001 - clients are told, and it is tried again
                _log.exception("Events are not heard of just now")
            self._tell_health(healthy=False)
            await asyncio.sleep(_PAUSE)

    def _begin(self) -> None:
        self._follows = True
        self._ready.set()

    def _tell_health(self, healthy: bool) -> None:  # noqa: FBT001 - as `Health`
        self._ready.set()  # where the log is away, clients may come all the same, and are told
        if healthy == self._healthy:
            return
        self._healthy = healthy
        batch = told({"type": "restored" if healthy else "degraded"})
        for subscriber in list(self._subscribers):
            subscriber.deliver(batch)

    def _deliver(self, epoch: str, entries: Sequence[Entry]) -> None:
        for name, several in groupby(entries, lambda entry: entry.channel):
            some = list(several)
            known, self._seen[name] = self._seen.get(name), (epoch, some[-1].offset)
            subscriptions = list(self._subscriptions.get(name, {}).values())
            if not subscriptions:
                continue
            if known not in (None, (epoch, some[0].offset - 1)):
                _tell_gap(subscriptions, epoch, some[0])
            for portion in portions(some):
                _fan_out(subscriptions, Made(subscriptions[0].channel, epoch, portion))


def _tell_gap(subscriptions: Sequence[Subscription], epoch: str, first: Entry) -> None:
    """Tell where events are missing: this process or the log was away for too long."""
    batch = gap_message(first.channel, Position(epoch, first.offset - 1))
    for subscription in subscriptions:
        if not subscription.behind:  # who is behind is told in its turn
            subscription.subscriber.deliver(batch)


def _fan_out(subscriptions: Sequence[Subscription], made: Made) -> None:
    batch = made.batch if made.alike else None
    for subscription in subscriptions:
        try:
            if subscription.behind:
                _give_in_its_turn(subscription, made)
            elif batch is not None:
                subscription.subscriber.deliver(batch)
            else:
                subscription.send(made)
        except Exception:  # noqa: BLE001 - whatever is wrong with one, the others get it
            _log.exception("The connection %s cannot be given events", subscription.subscriber.id)


def _give_in_its_turn(subscription: Subscription, made: Made) -> None:
    """Give events to a subscriber who may have some of them, or is given earlier ones."""
    if subscription.waiting is not None:
        subscription.hold_back(made)
    else:
        _send_later(subscription, made)


def _send_later(subscription: Subscription, made: Made) -> None:
    """Give a subscriber what is later than its place: the log may be heard late."""
    place, here = subscription.place, Position(made.epoch, made.last)
    another = made.epoch != place.epoch
    if not another and made.last <= place.offset:
        return
    if another or made.first > place.offset + 1:
        before = Position(made.epoch, made.first - 1)
        subscription.subscriber.deliver(gap_message(subscription.channel.name, before))
    subscription.send(made, after=0 if another else place.offset)
    subscription.place = here
    subscription.behind = subscription.waiting is not None
