"""The service `schedules`: what stops it at the start, and what reaches the actions."""

import asyncio
import signal
import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from applications import (
    APPEND,
    START,
    Application,
    Folder,
    Nursery,
    VirtualClock,
    play,
    served,
)
from waiting import PATIENCE, until

from servey_core import (
    Authorization,
    CronTrigger,
    FixedRateTrigger,
    Overlap,
    ScopeAccessControl,
    action,
    current_job,
)

HEAD = """
from datetime import datetime, timedelta
from servey_core import *


"""

FAULTS = {
    "an expression that cannot be read": (
        "CronTrigger('61 * * * *')",
        {},
        ["'report'", "actions.py:", "CronTrigger", "expression", "minute", "0 to 59"],
    ),
    "the 31st of February": (
        "CronTrigger('0 0 31 2 *')",
        {},
        ["'report'", "actions.py:", "expression", "never fires", "another day-of-month"],
    ),
    "an unknown zone": (
        "CronTrigger('0 0 * * *', 'Europe/Pariss')",
        {},
        ["'report'", "actions.py:", "timezone", "Europe/Pariss", "Europe/Paris"],
    ),
    "a missing argument": (
        "FixedRateTrigger(60)",
        {"signature": "to: str, copies: int = 1"},
        ["'report'", "actions.py:", "FixedRateTrigger arguments: to:", "takes to, copies"],
    ),
    "arguments of other types": (
        "FixedRateTrigger(60, arguments={'to': 'ann', 'copies': 'many', 'cc': 'bob'})",
        {"signature": "to: str, copies: int = 1"},
        ["'report'", "actions.py:", "arguments: copies:", "integer", "cc:", "takes to, copies"],
    ),
    "nobody to run a guarded action for": (
        "FixedRateTrigger(60)",
        {"options": ", access_control=ScopeAccessControl('reports')"},
        ["'report'", "actions.py:", "authorization:", "Write authorization=Authorization("],
    ),
    "somebody who may not": (
        "FixedRateTrigger(60, authorization=Authorization('ann', frozenset({'other'})))",
        {"options": ", access_control=ScopeAccessControl('reports')"},
        ["'report'", "actions.py:", "authorization: 'ann' may not run the action"],
    ),
    "one name for two schedules": (
        "[FixedRateTrigger(60, name='a'), FixedRateTrigger(90, name='a')]",
        {},
        ["'report'", "actions.py:", "name: a schedule of", "called 'a' already"],
    ),
    "a jitter that is negative": ("FixedRateTrigger(60, jitter=-1)", {}, ["jitter", "-1"]),
    "a jitter of more than a life": (
        "FixedRateTrigger(60, jitter=1e11)",
        {},
        ["'report'", "actions.py:", "jitter:", "at most 100 years"],
    ),
    "a moment without a zone": (
        "AtTrigger(datetime(2030, 1, 1))",
        {},
        ["moment", "no time zone", "tzinfo=UTC"],
    ),
    "a moment that is none in UTC": (
        "AtTrigger(datetime.fromisoformat('9999-12-31T23:59:59-05:00'))",
        {},
        ["'report'", "actions.py:", "AtTrigger moment:", "years 1 to 9999 in UTC"],
    ),
    "an interval of nothing": ("FixedRateTrigger(0)", {}, ["interval", "more than 0 seconds"]),
    "an interval that no clock can tell": (
        "FixedRateTrigger(1e-9)",
        {},
        ["'report'", "actions.py:", "interval"],
    ),
    "nowhere to claim ticks": (
        "FixedRateTrigger(60)",
        {"state": "memory:", "broker_url": "amqp://guest:guest@127.0.0.1:9/"},
        ["RabbitMQ", "SERVEY_STATE is memory:", "redis://", "sqlite:///servey.db"],
    ),
    "another task queue": (
        "FixedRateTrigger(60)",
        {"task_queue": "in-process"},
        ["'report'", "actions.py:", "'dramatiq'", "SERVEY_TASK_QUEUE"],
    ),
}
"""What each is written as, what else is said, and what must be in the error."""

LISTENER = """
import os
from servey_core import Service, hookimpl


@hookimpl
def servey_services(runtime):
    async def run(context):
        await context.stop.wait()

    def listen():
        open("listened", "w").close()
        return []

    return [Service("listener", run, listen=listen)]
"""


RAISED = {
    "a jitter that is negative",
    "a moment without a zone",
    "an interval of nothing",
}
"""What the application's own line raises: Python shows that line."""


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_work_is_an_error_at_the_start(name, nursery, tmp_path):
    trigger, said, parts = FAULTS[name]
    settings = {key: said[key] for key in said if key not in {"signature", "options"}}
    folder = Folder(tmp_path, plugin_modules="listener", **settings)
    (tmp_path / "listener.py").write_text(LISTENER)
    options, signature = said.get("options", ""), said.get("signature", "")
    folder.write(
        f"{HEAD}@action(triggers={trigger}{options})\n"
        f"async def report({signature}) -> None:\n    pass\n"
    )
    output = nursery.serve(folder).ended()
    assert "exit status 5" in output, output
    for part in parts:
        assert part in output, output
    assert ("Traceback" in output) == (name in RAISED), output
    assert not (tmp_path / "listened").exists()


def test_a_process_serves_schedules_and_their_jobs(tmp_path):
    folder = Folder(tmp_path)
    folder.write(
        f"{HEAD}{APPEND}\n\n"
        "@action(triggers=FixedRateTrigger(0.2, arguments={'word': 'tick'}))\n"
        "async def note(word: str) -> None:\n    append(word)\n"
    )
    process = folder.serve()
    try:
        until(lambda: len(folder.lines()) >= 3)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == 0, output
    assert set(map(tuple, folder.lines())) == {("tick",)}
    assert "schedules: 1 of 1 enabled" in output
    assert "Traceback" not in output


def test_arguments_and_the_caller_reach_the_action():
    seen = []
    caller = Authorization("nightly", frozenset({"reports"}))

    @action(
        access_control=ScopeAccessControl("reports"),
        triggers=FixedRateTrigger(
            timedelta(days=1),
            start_at_once=True,
            arguments={"day": datetime(2026, 1, 2, tzinfo=UTC), "names": ["é", "\0"]},
            authorization=caller,
        ),
    )
    async def report(
        day: datetime, names: list[str], authorization: Authorization, copies: int = 3
    ) -> None:
        """Report."""
        seen.append((day, names, authorization, copies))

    with served(Application(report), "jobs", "schedules"):
        until(lambda: seen)
    [(day, names, authorization, copies)] = seen
    assert (day, names, copies) == (datetime(2026, 1, 2, tzinfo=UTC), ["é", "\0"], 3)
    assert authorization.subject == "nightly"
    assert authorization.scopes == {"reports"}


def test_what_an_action_has_by_default_it_finds_out_when_it_runs():
    from typing import Annotated

    from pydantic import Field

    made = iter(range(10))

    @action(triggers=FixedRateTrigger(60))
    async def report(
        word: str = "default", number: Annotated[int, Field(default_factory=lambda: next(made))] = 0
    ) -> None:
        """Report."""

    plan = Application(report).plan
    assert plan.message(START).kwargs == {}


def test_a_schedule_is_called_by_its_action_and_number():
    @action(
        triggers=[FixedRateTrigger(1), FixedRateTrigger(2, name="own"), CronTrigger("0 0 * * *")]
    )
    async def note() -> None:
        """Note."""

    assert [plan.name for plan in Application(note).plans] == ["note", "own", "note-3"]


def test_two_schedules_never_share_a_job():
    """Their keys would be one, if names were not told apart beyond ASCII."""
    triggers = [FixedRateTrigger(1, name=name) for name in ("ä", "ö", "x" * 300, "x" * 299 + "y")]

    @action(triggers=triggers)
    async def note() -> None:
        """Note."""

    messages = [plan.message(START) for plan in Application(note).plans]
    assert len({message.message_id for message in messages}) == 4
    keys = {message.options["idempotency_key"] for message in messages}
    assert len(keys) == 4
    assert all(len(key) < 255 and key.isascii() for key in keys)


def test_jitter_is_how_much_later_a_job_may_start_on_every_node_alike():
    @action(triggers=FixedRateTrigger(10, jitter=timedelta(seconds=4), overlap=Overlap.ALLOW))
    async def note() -> None:
        """Note."""

    delays = []
    for _ in range(2):
        here = Application(note)
        clock = VirtualClock(START)
        asyncio.run(play(clock, START + timedelta(seconds=605), here.scheduler(clock)))
        delays.append(here.enqueued.delays)
    assert delays[0] == delays[1]
    assert len(delays[0]) == 60
    assert all(delay is None or 0 < delay <= 4000 for delay in delays[0])
    assert 1000 < statistics.fmean(delay or 0 for delay in delays[0]) < 3000
    [first] = here.broker.jobs(state="delayed", limit=1)
    assert first.id in here.fired


def test_a_job_starts_when_it_is_time(tmp_path):
    late = []

    @action(triggers=FixedRateTrigger(0.5))
    async def note() -> None:
        """Note how late it is."""
        now = datetime.now(UTC)
        ticks = plan.schedule.ticks.between(now - timedelta(minutes=1), now)
        [tick] = [one for one in ticks if plan.job_id(one) == current_job().id]
        late.append((now - tick).total_seconds())

    here = Application(note, broker_url=f"sqlite:///{tmp_path}/jobs.db")
    plan = here.plan
    with served(here, "jobs", "schedules"):
        until(lambda: len(late) >= 6)
    assert statistics.median(late) < 0.4


def test_many_schedules_of_one_moment_fire_together(tmp_path):
    ran = []

    @action(triggers=[FixedRateTrigger(2, name=f"note-{number}") for number in range(100)])
    async def note() -> None:
        """Note when it ran."""
        ran.append(time.time() % 2)

    here = Application(note, broker_url=f"sqlite:///{tmp_path}/jobs.db")
    with served(here, "jobs", "schedules"):
        until(lambda: len(ran) >= 100)
    assert statistics.median(ran[:100]) < 1.5
