"""`servey schedules`: when each fires, what came of it, and what would."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from command_lines import Application
from waiting import until

from servey_sched.brokers.sqlite import SqliteBroker

ACTIONS = """
from datetime import UTC, datetime, timedelta

from servey_core import AtTrigger, CronTrigger, FixedRateTrigger, Misfire, action


@action(
    triggers=[
        CronTrigger("30 2 * * *", "Europe/Paris", jitter=60),
        FixedRateTrigger(3600, name="hourly", misfire=Misfire.skip(), enabled=False),
    ]
)
def tidy_up() -> None:
    pass


@action(triggers=AtTrigger(datetime(2020, 1, 1, tzinfo=UTC), name="once"))
def begin() -> None:
    pass
"""

SPRING = ("--from", "2026-03-28T00:00Z", "--to", "2026-03-30T12:00Z")


@pytest.fixture
def app(tmp_path):
    return Application(tmp_path, ACTIONS)


def simulated(app, *arguments):
    """What is written; the columns of each line."""
    ended = app.servey("schedules", "simulate", *arguments)
    assert ended.code == 0, ended.err
    return [re.split(r"  +", line) for line in ended.out.splitlines()]


class TestList:
    def test_when_each_fires_next_by_the_clocks_of_its_zone(self, app):
        head, nightly, hourly, once = app.servey("schedules").out.splitlines()
        assert head.split()[:6] == ["NAME", "NEXT", "LAST", "FIRED", "MISSED", "DROPPED"]
        at = r"0(2:3|3:0)0:00\+0[12]:00"  # the latter where the clocks go forward tonight
        assert re.match(rf"tidy_up  \d{{4}}-\d\d-\d\d {at} \(in .+\)  -  ", nightly)
        assert nightly.endswith("tidy_up  cron '30 2 * * *' in Europe/Paris")
        assert re.match(r"hourly +disabled ", hourly)
        assert re.match(r"once +never ", once)

    def test_json_has_the_same(self, app):
        rows = app.servey("schedules", "--json").json
        nightly, hourly, _ = rows
        upcoming = datetime.fromisoformat(nightly.pop("next"))
        assert timedelta(0) < upcoming - datetime.now(UTC) < timedelta(hours=25)
        assert nightly == {
            "name": "tidy_up",
            "action": "tidy_up",
            "trigger": "cron '30 2 * * *' in Europe/Paris",
            "enabled": True,
            "last": None,
            "fired": 0,
            "missed": 0,
            "dropped": 0,
        }
        assert (hourly["name"], hourly["enabled"], hourly["next"]) == ("hourly", False, None)

    def test_what_a_clock_has_claimed_that_was_wrong_does_not_come_next(self, app):
        broker = SqliteBroker(app.folder / "jobs.db", middleware=[])
        broker.schedule("tidy_up", now=datetime(2099, 1, 1, tzinfo=UTC))
        broker.close()
        nightly, *_ = app.servey("schedules", "--json", broker_url="sqlite:///jobs.db").json
        assert nightly["next"] == "2099-01-01T02:30:00+01:00"

    def test_what_has_fired_is_counted(self, tmp_path):
        often = """
from servey_core import FixedRateTrigger, action

@action(triggers=FixedRateTrigger(0.2))
def tick() -> None:
    pass
"""
        app = Application(tmp_path, often)
        with app.working("serve", "--service=schedules"):
            until(lambda: app.servey("schedules", "--json").json[0]["fired"] > 0)
        [row] = app.servey("schedules", "--json").json
        assert timedelta(0) < datetime.now(UTC) - datetime.fromisoformat(row["last"])
        assert re.search(r" \(\d+ s ago\)  ", app.servey("schedules").out)

    def test_that_there_are_none_is_said_with_what_to_do(self, tmp_path):
        text = "from servey_core import action\n\n@action\ndef act() -> None:\n    pass\n"
        ended = Application(tmp_path, text).servey("schedules")
        assert ended.code == 0
        assert ended.out.startswith("There are no schedules: give an action a CronTrigger")

    def test_a_broker_that_is_away_is_one_line(self, app):
        (app.folder / "jobs.db").mkdir()
        ended = app.servey("schedules", broker_url="sqlite:///jobs.db")
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)

    def test_a_queue_that_has_no_schedules_is_said(self, app):
        ended = app.servey("schedules", task_queue="in-process")
        assert ended.code == 5
        assert ended.err.startswith("error: SERVEY_TASK_QUEUE is 'in-process', and schedules need")


class TestSimulate:
    def test_clocks_that_change_are_noted(self, app):
        first, second, third, last = simulated(app, *SPRING)
        assert first[:4] == [
            "2026-03-28 02:30:00+01:00",
            "2026-03-28T01:30:00Z",
            "tidy_up",
            "replica 0",
        ]
        assert re.fullmatch(r"jitter \d+\.\d s", first[4])
        assert second[:2] == ["2026-03-29 03:00:00+02:00", "2026-03-29T01:00:00Z"]
        assert second[4] == "clocks forward by 1 h"
        assert third[:2] == ["2026-03-30 02:30:00+02:00", "2026-03-30T00:30:00Z"]
        assert last == ["fired: 3, missed: 0"]

    def test_clocks_that_go_back_are_noted(self, app):
        span = ("--from", "2026-10-24T12:00+02:00", "--to", "2026-10-26T12:00+01:00")
        first, second, _ = simulated(app, *span)
        assert first[:2] == ["2026-10-25 02:30:00+02:00", "2026-10-25T00:30:00Z"]
        assert second[4] == "clocks back by 1 h"

    def test_it_is_the_next_day_where_nothing_else_is_said(self, app):
        *fired, last = simulated(app)
        assert last == [f"fired: {len(fired)}, missed: 0"]
        span = ("--from", "2026-03-28T00:00Z")
        assert [line[1] for line in simulated(app, *span)[:-1]] == ["2026-03-28T01:30:00Z"]

    def test_replicas_take_over_from_each_other(self, app):
        kill = ("--kill", "0@2026-03-28T12:00Z..2026-03-29T12:00Z")
        lines = simulated(app, *SPRING, "--replicas", "2", *kill)
        assert [line[3] for line in lines[:-1]] == ["replica 0", "replica 1", "replica 0"]

    def test_what_nobody_is_there_for_is_missed_or_late(self, app):
        span = ("--from", "2026-03-28T00:30Z", "--to", "2026-03-28T06:00Z")
        lines = simulated(app, "hourly", *span, "--pause", "0@2026-03-28T01:30Z..2026-03-28T04:30Z")
        assert [line[1] for line in lines if len(line) > 1] == [
            "2026-03-28T01:00:00Z",
            "2026-03-28T05:00:00Z",
        ]
        assert lines[1] == [
            "missed: 3 of hourly between 2026-03-28T01:00:00Z and 2026-03-28T05:00:00Z"
        ]
        assert lines[-1] == ["fired: 2, missed: 3"]
        kill = ("--kill", "0@2026-03-28T01:00Z..2026-03-28T03:30Z")
        assert simulated(app, *span, *kill)[0][-1] == "late by 2 h"

    def test_a_clock_that_is_late_fires_late(self, app):
        lines = simulated(app, *SPRING[:2], "--step", "0@2026-03-28T00:00+00:00-30")
        assert lines[0][-1] == "late by 30 s"

    def test_json_has_the_same(self, app):
        step = ("--step", "0@2026-03-28T12:00Z-30")
        _, second, _ = app.servey("schedules", "simulate", *SPRING, *step, "--json").json
        jitter = second.pop("jitter")
        assert 0 < jitter < 60
        assert second == {
            "schedule": "tidy_up",
            "tick": "2026-03-29T03:00:00+02:00",
            "utc": "2026-03-29T01:00:00Z",
            "at": "2026-03-29T01:00:30.010000Z",
            "replica": 0,
            "shift": 3600.0,
        }
        kill = ("--kill", "0@2026-03-28T01:00Z")
        assert app.servey("schedules", "simulate", *SPRING, *kill, "--json").json == [
            {
                "missed": 3,
                "schedule": "tidy_up",
                "after": "2026-03-27T23:59:59.999999Z",
                "until": "2026-03-30T12:00:00Z",
            }
        ]

    def test_what_is_not_played_is_said(self, tmp_path):
        text = ACTIONS.replace("jitter=60", "overlap='allow', start_at_once=True")
        ended = Application(tmp_path, text).servey("schedules", "simulate", *SPRING)
        assert ended.err.splitlines() == [
            "Taken to be done at once, so that no tick meets an earlier job: once",
            "Fire once more, when they are first seen: tidy_up",
        ]

    def test_no_broker_is_asked(self, app):
        (app.folder / "jobs.db").mkdir()
        assert app.servey("schedules", "simulate", broker_url="sqlite:///jobs.db").code == 0
        assert app.servey("schedules", "simulate", task_queue="in-process").code == 0

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--from", "2026-03-28"], "has no time zone, so it is no moment. Write 2026-03-28T00"),
            (
                ["--from", "2026-03-28T00:00Z", "--to", "2026-03-27T00:00Z"],
                "end: 2026-03-27T00:00:00+00:00 is not later than start",
            ),
            (["--kill", "5@2026-03-28T00:00Z"], "replica: 5 does not exist. Give 0 to 0"),
            (["--kill", "2026-03-28T00:00Z"], "does not say which replica, when, and what"),
            (["--kill", "0@2026-03-28T00:00"], "'2026-03-28T00:00' has no time zone"),
            (["--pause", "0@2026-03-28T00:00Z"], "has no end: a replica that never goes on is kil"),
            (["--pause", "0@2026-03-28T00:00Z..2026-03-27T00:00Z"], "is not later than at"),
            (["--step", "0@2026-03-28T00:00+01:00"], "(as in 0@2026-03-29T01:00Z-30)"),
            (["--step", "0@2026-03-28T00:00+01"], "'2026-03-28T00:00' has no time zone"),
            (["--step", "0@2026-03-28T00:00Z+" + "9" * 30], "'--step'"),
            (["--from", "0001-01-01T00:00Z"], "is out of reach. Write a year from 1970 to 9000."),
            (["--to", "9999-12-31T23:59Z"], "is out of reach. Write a year from 1970 to 9000."),
            (["tidy_upp"], "There is no schedule 'tidy_upp'. Did you mean 'tidy_up'?"),
        ],
    )
    def test_what_cannot_be_is_said(self, app, arguments, told):
        ended = app.servey("schedules", "simulate", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err


@pytest.mark.parametrize("command", [["list"], ["simulate"]], ids=" ".join)
@pytest.mark.parametrize(
    ("trigger", "told"),
    [
        ("CronTrigger('61 * * * *')", "CronTrigger expression: "),
        ("CronTrigger('0 * * * *', 'Europe/Pari')", "Did you mean 'Europe/Paris'?"),
        ("CronTrigger('0 * * * *', arguments={'name': 1})", "CronTrigger arguments: name: "),
    ],
)
def test_a_schedule_that_cannot_work_is_an_error_of_its_action(tmp_path, command, trigger, told):
    text = f"""
from servey_core import CronTrigger, action

@action(triggers={trigger})
def say_hello(name: str = "World") -> str:
    return name
"""
    ended = Application(tmp_path, text).servey("schedules", *command)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.startswith("error: Action 'say_hello' (")
    assert told in ended.err
