"""What a scheduler does with ticks that passed, and where clocks and schedules change."""

import asyncio
import logging
import time
from datetime import timedelta

import pytest
from applications import SECOND, START, Application, VirtualClock, play
from waiting import PATIENCE

from servey_core import AtTrigger, CronTrigger, FixedRateTrigger, Misfire, Overlap, action
from servey_sched.scheduling.claiming import claims_of
from servey_sched.scheduling.store_claims import StoreClaims


def application(*triggers, **options):
    @action(triggers=triggers)
    async def beat() -> None:
        """Beat."""

    return Application(beat, **options)


def at(*seconds):
    return [START + timedelta(seconds=one) for one in seconds]


def run(application, clock, seconds, nodes=1):
    """Run new nodes from what the clock shows until so many seconds after the start."""
    schedulers = [application.scheduler(clock) for _ in range(nodes)]
    asyncio.run(play(clock, START + seconds * SECOND, *schedulers))


def every(seconds, **options):
    return FixedRateTrigger(seconds, **{"overlap": Overlap.ALLOW, **options})


@pytest.fixture(params=["memory", "sqlite"])
def broker_url(request, tmp_path):
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/jobs.db"


@pytest.mark.parametrize(
    ("misfire", "fired", "missed"),
    [
        (Misfire.once(), [95], 6),
        (Misfire.once(4 * SECOND), [], 7),
        (Misfire.once(5 * SECOND), [95], 6),
        (Misfire.skip(2 * SECOND), [], 7),
        (Misfire.all(2), [90, 95], 5),
        (Misfire.all(100), [65, 70, 75, 80, 85, 90, 95], 0),
        (Misfire.all(100, 20 * SECOND), [80, 85, 90, 95], 3),
    ],
    ids=str,
)
def test_ticks_that_passed_while_nobody_was_there(misfire, fired, missed, broker_url, caplog):
    here = application(every(5, misfire=misfire), broker_url=broker_url)
    clock = VirtualClock(START)
    run(here, clock, 61)
    regular = at(*range(5, 61, 5))
    assert here.fired == here.ids(regular)
    clock.now = START + 99.5 * SECOND
    if misfire.grace == 5 * SECOND:
        clock.now = START + 100 * SECOND - timedelta.resolution
    caplog.set_level(logging.INFO, "servey.schedules")
    run(here, clock, 101)
    passed = [] if clock.now < START + 100 * SECOND else [100]
    assert here.fired == here.ids(regular + at(*fired, *passed))
    assert here.known().missed == missed
    assert here.known().fired == len(here.fired)
    told = [one.missed for one in caplog.records if one.levelno == logging.WARNING]
    assert sum(told) == missed
    here.broker.close()


@pytest.mark.parametrize("table", ["memory", "sqlite", "state store"])
def test_what_others_fire_between_a_look_and_a_claim_is_not_missed(table, tmp_path):
    url = f"sqlite:///{tmp_path}/jobs.db" if table == "sqlite" else "memory:"
    here = application(every(1), broker_url=url)
    first, second = (
        StoreClaims(lambda: here.runtime.state, here.broker)
        if table == "state store"
        else claims_of(here.runtime, here.broker)
        for _ in range(2)
    )
    clock = VirtualClock(START)
    other, node = here.scheduler(clock, first), here.scheduler(clock, second)
    claim = second.claim

    async def overtaken(*args, **options):
        second.claim = claim
        clock.now = START + 2.9 * SECOND
        await other.turn()
        clock.now = START + 3.1 * SECOND
        return await claim(*args, **options)

    async def main():
        await asyncio.gather(other.turn(), node.turn())
        second.claim = overtaken
        clock.now = START + 3.1 * SECOND
        await node.turn()
        await node.turn()

    asyncio.run(main())
    assert here.fired == here.ids(at(2, 3))
    known = asyncio.run(first.known([here.plan.name]))[here.plan.name]
    assert (known.fired, known.missed) == (2, 1)
    here.broker.close()


def test_what_others_fire_is_not_missed_by_a_node_that_was_stopped():
    here = application(every(1))
    clock = VirtualClock(START)
    awake, stopped = here.scheduler(clock), here.scheduler(clock)

    async def main():
        await play(clock, START + 5 * SECOND, awake, stopped)
        await play(clock, START + 30 * SECOND, awake)
        await play(clock, START + 40 * SECOND, stopped)

    asyncio.run(main())
    assert here.fired == here.ids(at(*range(1, 40)))
    assert here.known().missed == 0


def test_any_number_of_nodes_fires_each_tick_once():
    here = application(every(1))
    run(here, VirtualClock(START), 50, nodes=5)
    assert here.fired == here.ids(at(*range(1, 50)))


def test_clocks_that_differ_by_seconds_fire_each_tick_once():
    here = application(every(1))
    clock = VirtualClock(START)
    early = here.scheduler(lambda: clock() + 2 * SECOND)
    late = here.scheduler(lambda: clock() - 2 * SECOND)

    async def main():
        while clock.now < START + 30 * SECOND:
            for node in (early, late, early):
                await node.turn()
            clock.step(0.25 * SECOND)

    asyncio.run(main())
    seen = here.ids(at(*range(2, 32)))
    assert here.fired in (seen, seen[1:])  # the first of both says from when on ticks count
    assert here.known().missed == 0


def test_a_clock_that_is_set_back_fires_nothing_again():
    here = application(every(10))
    clock = VirtualClock(START)

    async def main():
        node = here.scheduler(clock)
        await play(clock, START + 65 * SECOND, node)
        clock.step(-45 * SECOND)
        await play(clock, START + 85 * SECOND, node)

    asyncio.run(main())
    assert here.fired == here.ids(at(10, 20, 30, 40, 50, 60, 70, 80))
    assert here.known().missed == 0


def test_a_clock_that_was_wrong_for_a_moment_keeps_no_tick_from_firing():
    here = application(every(10, misfire=Misfire.skip(SECOND)))
    clock = VirtualClock(START)

    async def main():
        node = here.scheduler(clock)
        await play(clock, START + 15 * SECOND, node)
        clock.step(timedelta(days=1))  # half way between ticks: none is on time
        await node.turn()
        clock.step(-timedelta(days=1))
        await play(clock, START + 45 * SECOND, node)

    asyncio.run(main())
    assert here.fired == here.ids(at(10, 20, 30, 40))


@pytest.mark.parametrize(
    ("misfire", "fired", "missed"),
    [
        (Misfire.once(), [60, 70], 4),
        (Misfire.skip(SECOND), [70], 5),
        (Misfire.all(2), [50, 60, 70], 3),
    ],
    ids=str,
)
def test_a_clock_that_is_set_forward_is_a_misfire(misfire, fired, missed):
    here = application(every(10, misfire=misfire))
    clock = VirtualClock(START)

    async def main():
        node = here.scheduler(clock)
        await play(clock, START + 15 * SECOND, node)
        clock.step(50 * SECOND)
        await play(clock, START + 75 * SECOND, node)

    asyncio.run(main())
    assert here.fired == here.ids(at(10, *fired))
    assert here.known().missed == missed


def test_a_clock_far_behind_the_last_tick_is_worth_a_word(caplog):
    here = application(every(10))
    clock = VirtualClock(START + timedelta(hours=1))
    run(here, clock, 3620)
    clock.now = START
    run(here, clock, 60)
    assert here.fired == here.ids(at(3610))
    [record] = caplog.records
    assert "fires again after 2030-01-01T01:00:10" in record.message


def test_a_sleeping_scheduler_sees_within_a_second_that_its_clock_was_set():
    here = application(CronTrigger("0 0 * * *", overlap=Overlap.ALLOW))
    clock = VirtualClock(START + SECOND, ticking=True)

    async def main():
        stop = asyncio.Event()
        running = asyncio.create_task(here.scheduler(clock).run(stop))
        while not here.broker.schedules():  # noqa: ASYNC110 - brokers tell nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)  # then it sleeps
        assert not here.fired
        clock.step(timedelta(days=1))
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            while not here.fired:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        seconds = time.monotonic() - began
        stop.set()
        await running
        return seconds

    assert asyncio.run(here.scheduler(clock).turn()) == SECOND  # so long it sleeps at most
    assert asyncio.run(main()) < 1.5
    assert here.fired == here.ids([START + timedelta(days=1)])


def test_a_changed_rule_counts_from_its_change_on(tmp_path):
    places = {"broker_url": f"sqlite:///{tmp_path}/jobs.db", "state": f"sqlite:///{tmp_path}/s.db"}
    clock = VirtualClock(START)
    first = application(CronTrigger("0 2 * * *", overlap=Overlap.ALLOW), **places)
    run(first, clock, 15 * 3600)
    assert first.fired == first.ids(at(2 * 3600))
    first.broker.close()
    changed = application(CronTrigger("0 12 * * *", overlap=Overlap.ALLOW), **places)
    run(changed, clock, 35 * 3600)
    assert not changed.fired
    run(changed, clock, 37 * 3600)  # once more, after the change
    assert changed.fired == changed.ids(at(36 * 3600))
    assert changed.known().missed == 0
    changed.broker.close()


def test_what_passed_while_everybody_was_away_is_missed_after_a_change_too(tmp_path):
    places = {"broker_url": f"sqlite:///{tmp_path}/jobs.db", "state": f"sqlite:///{tmp_path}/s.db"}
    clock = VirtualClock(START)
    for rule, seconds in ((every(7), 10), (every(5), 21)):
        here = application(rule, **places)
        run(here, clock, seconds)
        here.broker.close()
    clock.now = START + 41 * SECOND
    here = application(every(5), **places)
    run(here, clock, 44)
    assert here.fired == here.ids(at(40))
    assert here.known().missed == 3
    here.broker.close()


def test_a_schedule_that_is_enabled_again_counts_from_then_on(tmp_path):
    places = {"broker_url": f"sqlite:///{tmp_path}/jobs.db", "state": f"sqlite:///{tmp_path}/s.db"}
    clock, fired = VirtualClock(START), []
    for enabled, end in ((True, 25), (False, 75), (True, 105)):
        here = application(every(10, enabled=enabled), **places)
        run(here, clock, end)
        fired += here.fired
        here.broker.close()
    assert fired == here.ids(at(10, 20, 80, 90, 100))


def test_what_is_gone_or_renamed_leaves_nothing_behind():
    clock = VirtualClock(START)
    first = application(every(10, name="old"), every(15, name="gone"))
    run(first, clock, 20)
    renamed = application(every(10, name="new"), broker=first.broker)
    run(renamed, clock, 45)
    assert renamed.fired == renamed.ids(at(30, 40))
    assert set(first.broker.schedules()) == {"old", "gone", "new"}
    for days, left in ((29, {"old", "gone", "new"}), (1, {"new"})):
        clock.step(timedelta(days=days))
        asyncio.run(renamed.scheduler(clock).turn())
        assert set(first.broker.schedules()) == left


def test_a_schedule_that_runs_for_long_is_not_forgotten_by_a_node_without_it(monkeypatch):
    clock = VirtualClock(START)
    here = application(CronTrigger("0 0 1 1 *", name="yearly"))
    other = application(every(86400, name="daily"), broker=here.broker)
    node, newcomer = here.scheduler(clock), other.scheduler(clock)

    async def main():
        await node.turn()
        clock.step(timedelta(days=40))
        node._tidied -= 7 * 3600  # that is how long it has been, by the clock that is never set
        await node.turn()
        await newcomer.turn()

    asyncio.run(main())
    assert set(here.broker.schedules()) == {"yearly", "daily"}


def test_a_disabled_schedule_is_served_and_does_not_fire():
    here = application(every(1, enabled=False))
    services = [one.record for one in here.runtime.services().values()]
    here.runtime.require_served(services)
    [description] = [one.description(()) for one in services if one.name == "schedules"]
    assert description == "0 of 1 enabled"
    run(here, VirtualClock(START), 10)
    assert not here.fired
    assert not here.broker.schedules()


def test_a_first_time_is_at_once_for_all_nodes_together_and_never_again():
    clock = VirtualClock(START + 0.5 * SECOND)
    here = application(every(10, start_at_once=True))
    run(here, clock, 15, nodes=3)
    run(here, clock, 25, nodes=3)
    first = START + 0.5 * SECOND + timedelta.resolution
    assert here.fired == here.ids([first, *at(10, 20)])


def test_a_first_time_survives_a_broker_that_was_away():
    from servey_core import Unavailable

    clock = VirtualClock(START + SECOND)
    here = application(every(10, start_at_once=True))
    claims = here.claims
    claim, failures = claims.claim, [Unavailable("not now"), Unavailable("not now")]

    async def failing(*args, **options):
        if failures:
            raise failures.pop()
        return await claim(*args, **options)

    claims.claim = failing
    asyncio.run(play(clock, START + 5 * SECOND, here.scheduler(clock, claims)))
    assert here.fired == here.ids([START + SECOND + timedelta.resolution])


def test_a_tick_that_comes_while_another_is_claimed_is_not_passed_over():
    clock = VirtualClock(START + SECOND)
    here = application(every(10))
    claims = here.claims
    claim = claims.claim

    async def slow(*args, **options):
        clock.step(12 * SECOND)
        return await claim(*args, **options)

    claims.claim = slow
    node = here.scheduler(clock, claims)

    async def main():
        await node.turn()
        clock.now = START + 10 * SECOND
        assert await node.turn() == timedelta(0)
        await node.turn()

    asyncio.run(main())
    assert here.fired == here.ids(at(10, 20))
    assert here.known().missed == 0


def test_one_that_fires_much_that_passed_leaves_others_their_turn():
    clock = VirtualClock(START)
    here = application(every(1, name="many", misfire=Misfire.all(1000)), every(1, name="other"))
    run(here, clock, 0.5)
    clock.now = START + 1000.5 * SECOND
    claims = here.claims
    claim = claims.claim

    async def slow(*args, **options):
        clock.step(0.01 * SECOND)
        return await claim(*args, **options)

    claims.claim = slow
    asyncio.run(play(clock, START + 1020.5 * SECOND, here.scheduler(clock, claims)))
    known = here.broker.schedules()
    assert (known["many"].fired, known["many"].missed) == (1020, 0)
    assert (known["other"].fired, known["other"].missed) == (21, 999)


def test_a_moment_fires_once_also_where_nobody_was_there():
    clock = VirtualClock(START)
    here = application(AtTrigger(START + 60 * SECOND))
    run(here, clock, 30)
    clock.now = START + 90 * SECOND
    run(here, clock, 120, nodes=2)
    run(here, clock, 150)
    assert here.fired == here.ids(at(60))


@pytest.mark.parametrize("known", [True, False])
def test_a_moment_that_is_too_long_ago_is_worth_a_word(known, caplog):
    grace = timedelta(seconds=10)
    here = application(AtTrigger(START + 60 * SECOND, misfire=Misfire.once(grace)))
    clock = VirtualClock(START)
    if known:
        run(here, clock, 30)
    clock.now = START + 90 * SECOND
    run(here, clock, 120)
    assert not here.fired
    [record] = caplog.records
    assert record.message == "The schedule beat does not fire: its time has passed."


def test_one_schedule_that_cannot_be_claimed_does_not_stop_the_others(caplog):
    clock = VirtualClock(START)
    here = application(every(2, name="broken"), every(3, name="sound"))
    claims = here.claims
    claim = claims.claim

    async def failing(name, *args, **options):
        if name == "broken":
            raise LookupError("a bug")
        return await claim(name, *args, **options)

    claims.claim = failing
    asyncio.run(play(clock, START + 10 * SECOND, here.scheduler(clock, claims)))
    assert [message.options["schedule"] for message in here.enqueued.messages] == ["sound"] * 3
    [record] = caplog.records
    assert record.exc_info[0] is LookupError
