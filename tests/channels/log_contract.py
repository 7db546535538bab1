"""What every log of events promises: classes of tests, for the logs' own modules to subclass."""

import asyncio
import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from log_nodes import HISTORY, Appender, Follower, asked, put
from waiting import until

from servey_channels.logs.base import MOST_REPLAYED, EventLog
from servey_core import History, Position


class LogContract:
    """The promises of `servey_channels.logs.base` that are kept in one process too.

    A subclass has a fixture `recipe`: Python that binds `log` to a new log, on a store that the
    test has for itself, and that all logs by the recipe share.
    """

    @pytest.fixture
    def recipe(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def make(self, recipe: str) -> Iterator[Callable[[], EventLog]]:
        made: list[EventLog] = []

        def make() -> EventLog:
            names: dict[str, EventLog] = {}
            exec(recipe, names)
            made.append(names["log"])
            return names["log"]

        yield make
        for log in made:
            asyncio.run(log.close())
            log.close_blocking()

    @pytest.fixture
    def log(self, make):
        return make()

    def test_offsets_count_each_channels_events_from_one(self, log):
        positions = [put(log, 1), put(log, 2), put(log, 3, "b")]
        assert [position.offset for position in positions] == [1, 2, 1]
        assert len({position.epoch for position in positions}) == 1
        assert asked(log, lambda log: log.position("a")) == positions[1]

    def test_a_channel_without_events_is_at_nought(self, log):
        here = asked(log, lambda log: log.position("a"))
        assert here.offset == 0
        assert here.epoch == put(log, 1).epoch

    def test_followers_get_what_is_appended_from_then_on(self, log):
        put(log, "before")
        with Follower(log).running() as follower:
            put(log, "é", target="me")
            put(log, "there", "b")
            until(lambda: len(follower.entries) == 2)
        [mine] = follower.of("a")
        assert (mine.offset, mine.event, mine.target) == (2, json.dumps("é").encode(), "me")
        [other] = follower.of("b")
        assert (other.offset, other.event, other.target) == (1, b'"there"', "")
        assert {epoch for epoch, _ in follower.entries} == {put(log, 0).epoch}
        assert False not in follower.health

    def test_events_of_many_threads_come_in_order_without_gaps(self, log):
        def append() -> None:
            for number in range(100):
                put(log, number, "a")
                put(log, number, "b")

        with Follower(log).running() as first, Follower(log).running() as second:
            threads = [threading.Thread(target=append) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            until(lambda: len(first.entries) == len(second.entries) == 800)
        for follower in (first, second):
            assert follower.offsets("a") == follower.offsets("b") == list(range(1, 401))

    def test_events_of_several_event_loops_come_in_order(self, log):
        async def append() -> None:
            for number in range(50):
                event = str(number).encode()
                await log.aappend("a", event, target="", history=HISTORY)
            await log.close()

        with Follower(log).running() as follower:
            threads = [threading.Thread(target=lambda: asyncio.run(append())) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            until(lambda: len(follower.entries) == 150)
        assert follower.offsets() == list(range(1, 151))

    def test_what_is_missed_is_given_again(self, log):
        places = [put(log, number) for number in range(5)]
        replay = asked(log, lambda log: log.since("a", places[1], HISTORY))
        assert replay.recovered
        assert replay.position == places[-1]
        assert [(one.offset, one.event) for one in replay.entries] == [
            (3, b"2"),
            (4, b"3"),
            (5, b"4"),
        ]
        up_to_date = asked(log, lambda log: log.since("a", places[-1], HISTORY))
        assert (up_to_date.recovered, list(up_to_date.entries)) == (True, [])
        all_of_them = Position(places[0].epoch, 0)
        assert len(asked(log, lambda log: log.since("a", all_of_them, HISTORY)).entries) == 5

    @pytest.mark.parametrize("offset", [0, 1, 2, 9])
    def test_another_epoch_is_not_recovered(self, log, offset):
        put(log, 1)
        here = put(log, 2)
        lost = Position("0123456789abcdef", offset)
        replay = asked(log, lambda log: log.since("a", lost, HISTORY))
        assert (replay.recovered, list(replay.entries), replay.position) == (False, [], here)

    def test_a_place_that_is_still_to_come_is_not_recovered(self, log):
        here = put(log, 1)
        future = Position(here.epoch, 2)
        assert not asked(log, lambda log: log.since("a", future, HISTORY)).recovered

    def test_more_than_the_history_holds_is_not_recovered(self, log):
        history = History(3, 300)
        places = [put(log, number, history=history) for number in range(6)]
        kept = asked(log, lambda log: log.since("a", places[2], history))
        assert [one.offset for one in kept.entries] == [4, 5, 6]
        lost = asked(log, lambda log: log.since("a", places[1], history))
        assert (lost.recovered, list(lost.entries)) == (False, [])

    def test_without_a_history_nothing_is_given_again(self, log):
        nothing = History(0, 0)
        places = [put(log, number, history=nothing) for number in range(2)]
        assert not asked(log, lambda log: log.since("a", places[0], nothing)).recovered
        assert asked(log, lambda log: log.since("a", places[1], nothing)).recovered

    def test_what_is_too_old_is_not_recovered(self, log):
        history = History(100, 3.0)
        first = put(log, 1, history=history)
        put(log, 2, history=history)
        assert asked(log, lambda log: log.since("a", first, history)).recovered
        time.sleep(4.2)  # Redis tells whole seconds
        assert not asked(log, lambda log: log.since("a", first, history)).recovered
        last = put(log, 3, history=history)
        assert not asked(log, lambda log: log.since("a", first, history)).recovered
        assert asked(log, lambda log: log.since("a", Position(last.epoch, 2), history)).recovered

    def test_no_more_than_a_bound_is_given_again(self, log):
        history = History(MOST_REPLAYED * 2, 300)
        first = put(log, 0, history=history)
        for number in range(MOST_REPLAYED):
            put(log, number, history=history)
        replay = asked(log, lambda log: log.since("a", first, history))
        assert len(replay.entries) == MOST_REPLAYED
        put(log, 1, history=history)
        assert not asked(log, lambda log: log.since("a", first, history)).recovered


class SharedLogContract(LogContract):
    """The promises that are kept where several processes share a log."""

    @pytest.fixture
    def appenders(self, recipe: str) -> Iterator[Callable[[int], list[Appender]]]:
        started: list[Appender] = []

        def start(count: int) -> list[Appender]:
            new = [Appender(recipe) for _ in range(count)]
            started.extend(new)
            for one in new:
                one.wait()
            return new

        yield start
        for one in started:
            one.kill()

    def test_events_of_several_processes_come_in_order_without_gaps(self, make, appenders):
        with Follower(make()).running() as first, Follower(make()).running() as second:
            several = appenders(3)
            for number, one in enumerate(several):
                one.append(f"node-{number}", 300)
            until(lambda: len(first.entries) == len(second.entries) == 900)
        assert first.offsets() == second.offsets() == list(range(1, 901))
        for node in range(3):
            said = [json.loads(one.event)[:2] for one in first.of()]
            own = [number for word, number in said if word == f"node-{node}"]
            assert own == list(range(300))

    def test_a_process_that_is_killed_leaves_no_gap(self, make, appenders):
        with Follower(make()).running() as follower:
            dying, staying = appenders(2)
            dying.append("dying", 100_000)
            until(lambda: len(follower.entries) > 50)
            dying.kill()
            staying.append("staying", 10)
            staying.wait("done")
            last = asked(make(), lambda log: log.position("a")).offset
            until(lambda: len(follower.entries) == last)
        assert follower.offsets() == list(range(1, last + 1))

    def test_another_process_sees_epoch_and_history(self, make, appenders):
        log = make()
        first = put(log, "first")
        [other] = appenders(1)
        other.append("other", 3)
        other.wait("done")
        replay = asked(make(), lambda log: log.since("a", first, HISTORY))
        assert (replay.recovered, len(replay.entries)) == (True, 3)

    def test_a_fork_can_append_and_leaves_its_parent_alone(self, log):
        put(log, "before")
        with Follower(log).running() as follower:
            child = os.fork()
            if child == 0:
                try:
                    put(log, "in the child")
                    asked(log, lambda log: log.position("a"))
                    os._exit(0)
                finally:
                    os._exit(1)
            put(log, "in the parent")
            assert os.waitpid(child, 0)[1] == 0
            put(log, "after")
            until(lambda: len(follower.entries) == 3)
        assert follower.offsets() == [2, 3, 4]

    def test_events_reach_another_process_soon(self, make, appenders, request):
        [other] = appenders(1)
        with Follower(make()).running() as follower:
            for number in range(30):
                other.append("w", 1)
                other.wait("done")
                until(lambda number=number: len(follower.entries) == number + 1)
        sent = [json.loads(one.event)[2] for one in follower.of()]
        waits = [came - at for came, at in zip(follower.moments, sent, strict=True)]
        request.node.user_properties.append(("p50_ms", statistics.median(waits) * 1000))
        assert statistics.median(waits) < 0.1  # so much slack for a machine that is busy
