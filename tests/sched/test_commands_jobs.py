"""`servey jobs`: what is listed and shown, and what is done about jobs."""

import json
import os
import pty
import re
import signal
import sqlite3
from contextlib import closing, contextmanager

import pytest
from command_lines import Application
from waiting import PATIENCE, until

ACTIONS = """
import asyncio
from pathlib import Path

from servey_core import Background, Conflict, action, current_job

AT_ONCE = Background(max_retries=0)


@action(background=AT_ONCE)
def say_hello(name: str = "World") -> str:
    return f"Hello {name}!"


@action(background=Background(queue="slow"))
async def climb(done: float = 3, total: float | None = 10, note: str = "camp 3") -> None:
    current_job().report(done, total, note)
    await asyncio.Event().wait()


@action(background=AT_ONCE)
def open_door(password: str = "sesame") -> str:
    if not Path("key").exists():
        raise RuntimeError(f"no key, password={password}")
    return "open"


@action(background=AT_ONCE)
def refuse() -> None:
    raise Conflict("Not today.")
"""


@pytest.fixture
def app(tmp_path):
    return Application(tmp_path, ACTIONS)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An application with a worker."""
    app = Application(tmp_path_factory.mktemp("app"), ACTIONS)
    with app.working("worker"):
        yield app


def climbing(app, *arguments):
    """A job that runs, and has said how far it is."""
    job_id = app.enqueue("climb", *arguments)
    until(lambda: '"done"' in app.servey("jobs", "show", job_id, "--json").out)
    return job_id


def dead(app, *arguments):
    """A dead letter."""
    job_id = app.enqueue(*arguments)
    until(lambda: app.state(job_id) == "dead")
    return job_id


class TestLists:
    def test_queues_have_their_sizes_and_jobs_their_order(self, app):
        later = app.enqueue("climb", "--delay", "3600")
        second = app.enqueue("say_hello", "--priority", "5")
        first = app.enqueue("say_hello", "--priority", "-5")
        lines = app.servey("jobs", "list").out.splitlines()
        assert [line.split() for line in lines[:4]] == [
            ["QUEUE", "READY", "DELAYED", "RUNNING", "DEAD"],
            ["default", "2", "0", "0", "0"],
            ["slow", "0", "1", "0", "0"],
            [],
        ]
        assert lines[4].split() == ["READY", "ACTION", "QUEUE", "STARTS", "AGE", "PRIORITY"]
        assert re.fullmatch(rf"{first}  say_hello  default  0       \d s  -5", lines[5])
        assert lines[6].startswith(second)
        assert re.fullmatch(
            rf"{later}  climb   slow   0       \d s  in (1 h|59 min \d+ s)", lines[9]
        )

    def test_the_command_list_need_not_be_said(self, app):
        app.enqueue("say_hello")
        assert app.servey("jobs", "--queue", "slow").out.split()[5:] == ["slow", "0", "0", "0", "0"]
        assert app.servey("jobs", "--json").json == app.servey("jobs", "list", "--json").json

    def test_json_has_what_a_program_needs(self, app):
        job_id = app.enqueue("say_hello")
        found = app.servey("jobs", "--json").json
        assert found["queues"]["default"] == {"ready": 1, "delayed": 0, "running": 0, "dead": 0}
        [job] = found["jobs"]
        assert job.pop("sent").endswith("Z")
        assert job == {
            "id": job_id,
            "action": "say_hello",
            "queue": "default",
            "starts": 0,
            "state": "ready",
            "priority": 0,
            "due": None,
            "progress": None,
        }

    def test_no_more_than_are_wanted(self, app):
        for _ in range(3):
            app.enqueue("say_hello")
        out = app.servey("jobs", "--state", "ready", "--limit", "1").out
        assert out.endswith("\n... and 2 more: --limit\n")
        assert out.count("say_hello") == 1
        assert "say_hello" not in app.servey("jobs", "--state", "delayed").out

    def test_names_that_are_wrong_are_said(self, app):
        ended = app.servey("jobs", "--queue", "slo")
        assert ended.code == 2
        assert "There is no queue 'slo'. Did you mean 'slow'?" in ended.err
        ended = app.servey("jobs", "lst")
        assert ended.code == 2
        assert "There is no command 'lst'. Did you mean 'list'?" in ended.err

    def test_progress_is_a_bar_where_its_total_is_known(self, served):
        known = climbing(served)
        other = climbing(served, "--event", '{"total": null, "note": "\\u001b[2J up"}')
        out = served.servey("jobs", "--state", "running").out
        assert f"{known}  climb   slow   1 " in out
        assert out.splitlines()[5].endswith("[######--------------]  30 %  3/10  camp 3")
        assert out.splitlines()[6].endswith("3   [2J up")
        for job_id in (known, other):
            assert served.servey("jobs", "cancel", job_id).code == 0


class TestShow:
    def test_secrets_are_masked(self, app):
        job_id = app.enqueue("open_door", "--event", '{"password": "hunter2"}')
        ended = app.servey("jobs", "show", job_id)
        assert '{"password": "[redacted]"}' in ended.out
        assert "hunter2" not in app.servey("jobs", "show", job_id, "--json").out

    def test_a_dead_letter_says_why(self, served):
        job_id = dead(served, "open_door", "--keep-result", "60")
        out = served.servey("jobs", "show", job_id).out
        assert re.search(r"^state +dead$", out, re.MULTILINE)
        assert re.search(r'^problem +\{.*"Internal error"', out, re.MULTILINE)
        assert "\nTraceback (most recent call last):\n" in out
        assert out.endswith("RuntimeError: no key, password=[redacted]\n")

    def test_a_result_is_shown_while_it_is_kept(self, served):
        job_id = served.enqueue("say_hello", "--keep-result", "60")
        until(lambda: served.state(job_id) == "succeeded")
        out = served.servey("jobs", "show", job_id).out
        assert [line.split(maxsplit=1) for line in out.splitlines()] == [
            ["id", job_id],
            ["action", "say_hello"],
            ["state", "succeeded"],
            ["result", "Hello World!"],
        ]

    def test_what_is_not_known_is_said(self, app):
        ended = app.servey("jobs", "show", "nobody")
        assert (ended.code, ended.out) == (4, "")
        assert ended.err.startswith("error: Nothing is known of a job nobody:")

    def test_a_message_that_nobody_can_read_is_shown_as_far_as_it_goes(self, app):
        app.servey("jobs")  # makes the file
        with closing(sqlite3.connect(app.folder / "servey.db")) as connection, connection:
            connection.execute(
                "INSERT INTO servey_jobs (id, queue, priority, state, until, starts, holder, body)"
                " VALUES ('garbage', 'default', 0, 'ready', 0, 0, '', 'no message')"
            )
        assert "\ngarbage  (unreadable)  default  0            0" in app.servey("jobs").out
        assert app.servey("jobs", "show", "garbage", "--json").json == {
            "id": "garbage",
            "action": "",
            "queue": "default",
            "state": "ready",
            "starts": 0,
        }


class TestDeadLetters:
    def test_one_is_tried_again_when_it_can_work(self, served):
        job_id = dead(served, "open_door", "--keep-result", "60")
        assert "no key, password=[redacted]" in served.servey("jobs", "dead").out
        [first, *_] = served.servey("jobs", "dead", "--json").json
        assert (first["id"], first["starts"]) == (job_id, 1)
        (served.folder / "key").touch()
        ended = served.servey("jobs", "retry", "nobody", job_id)
        assert ended.code == 4
        assert ended.err == "nobody is not among the dead letters.\n"
        assert ended.out == f"{job_id} is tried again.\n"
        until(lambda: served.state(job_id) == "succeeded")
        (served.folder / "key").unlink()

    def test_all_are_tried_again_once(self, served):
        ids = {dead(served, "refuse", "--idempotency-key", "k"), dead(served, "refuse")}
        ended = served.servey("jobs", "retry", "--all")
        assert ended.code == 0
        tried = {line.split()[0] for line in ended.out.splitlines()}
        assert ids <= tried
        until(lambda: not {served.state(job_id) for job_id in tried} & {"ready", "running"})

    def test_one_is_forgotten(self, served):
        job_id = dead(served, "refuse")
        assert served.servey("jobs", "purge", job_id).out == f"{job_id} is forgotten.\n"
        ended = served.servey("jobs", "purge", job_id)
        assert (ended.code, ended.err) == (4, f"{job_id} is not among the dead letters.\n")

    def test_all_are_forgotten_by_whoever_is_sure(self, served):
        dead(served, "refuse")
        ended = served.servey("jobs", "purge", "--all")
        assert (ended.code, ended.out) == (2, "")
        assert "Where nobody can be asked: --yes" in ended.err
        assert re.fullmatch(
            r"\d+ dead letters are forgotten.\n",
            served.servey("jobs", "purge", "--all", "--yes").out,
        )
        assert served.servey("jobs", "dead").out == "There are no dead letters.\n"

    @pytest.mark.parametrize("command", ["retry", "purge", "cancel"])
    def test_which_must_be_said(self, app, command):
        ended = app.servey("jobs", command)
        assert ended.code == 2
        assert "ids, as `servey jobs " in ended.err


class TestCancelling:
    def test_a_job_that_waits_is_forgotten(self, app):
        for delay in ([], ["--delay", "60"]):
            job_id = app.enqueue("say_hello", *delay)
            ended = app.servey("jobs", "cancel", job_id)
            assert (ended.code, ended.out) == (0, f"{job_id} is forgotten.\n")
            assert app.state(job_id) == "cancelled"
        assert app.servey("jobs", "--json").json["jobs"] == []

    def test_a_coroutine_that_runs_is_asked_to_stop(self, served):
        job_id = climbing(served)
        ended = served.servey("jobs", "cancel", job_id)
        assert (ended.code, ended.out) == (0, f"{job_id} runs, and is asked to stop.\n")
        until(lambda: served.state(job_id) == "cancelled")
        ended = served.servey("jobs", "cancel", job_id)
        assert (ended.code, ended.err) == (4, f"{job_id} has ended already: it was cancelled.\n")

    def test_what_is_not_there_is_said(self, served):
        job_id = dead(served, "refuse")
        ended = served.servey("jobs", "cancel", "nobody", job_id)
        assert (ended.code, ended.out) == (4, "")
        assert ended.err == (
            "nobody is not there: there was none, or it has ended.\n"
            f"{job_id} has ended already: it failed, and may be among the dead letters.\n"
        )


class TestWatching:
    def test_each_change_is_a_block_where_there_is_no_terminal(self, app):
        with app.process("jobs", "--watch") as process:
            rows = block_of(process)
            assert [row[:2] for row in rows] == [
                ["QUEUE", "READY"],
                ["default", "0"],
                ["slow", "0"],
            ]
            app.enqueue("say_hello")
            rows = block_of(process)
            while ["default", "0"] in [row[:2] for row in rows]:  # it was sent during a look
                assert [row[1] for row in block_of(process)] == ["ACTION", "say_hello"]
                rows = block_of(process)
            assert [row[:2] for row in rows] == [
                ["QUEUE", "READY"],
                ["default", "1"],
                ["slow", "0"],
            ]
            assert [row[1] for row in block_of(process)] == ["ACTION", "say_hello"]
            process.send_signal(signal.SIGINT)
            assert (process.wait(PATIENCE), process.stderr.read()) == (130, "Interrupted.\n")

    def test_each_change_may_be_a_line_of_json(self, app):
        with app.process("jobs", "--watch", "--json") as process:
            assert json.loads(process.stdout.readline())["jobs"] == []
            job_id = app.enqueue("say_hello")
            assert json.loads(process.stdout.readline())["jobs"][0]["id"] == job_id

    def test_a_terminal_is_drawn_anew(self, served):
        job_id = climbing(served)
        with terminal() as (screen, end), served.process("jobs", "--watch", stdout=end) as process:
            drawn = ""
            while drawn.count("\x1b[H") < 3:
                drawn += os.read(screen, 65536).decode()
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 130
        assert drawn.startswith("\x1b[2J\x1b[HQUEUE ")
        assert drawn.count("\x1b[2J") == 1
        assert f"\n{job_id}  climb " in drawn
        assert served.servey("jobs", "cancel", job_id).code == 0


def block_of(process):
    """The words of the lines up to the next empty one."""
    return [line.split() for line in iter(process.stdout.readline, "\n")]


@contextmanager
def terminal():
    """Both ends of a terminal: what is drawn is read from the first."""
    screen, end = pty.openpty()
    try:
        yield screen, end
    finally:
        os.close(end)
        os.close(screen)


@pytest.mark.parametrize(
    "command",
    [["list"], ["show", "x"], ["dead"], ["retry", "x"], ["retry", "--all"], ["cancel", "x"]],
    ids=" ".join,
)
def test_a_broker_that_is_away_is_one_line(app, command):
    (app.folder / "jobs.db").mkdir()
    ended = app.servey("jobs", *command, broker_url="sqlite:///jobs.db")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: The jobs in ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    "settings", [{"task_queue": "in-process"}, {"broker_url": "memory:"}], ids=str
)
def test_jobs_of_other_processes_cannot_be_seen(app, settings):
    ended = app.servey("jobs", **settings)
    assert (ended.code, ended.out) == (5, "")
    assert "For jobs that this command can send and see" in ended.err


def test_a_broker_that_cannot_list_jobs_shows_what_it_can(app):
    from rabbitmq_servers import usual_url

    app = Application(app.folder, ACTIONS, broker_url=usual_url())
    ended = app.servey("jobs", "list")
    assert ended.code == 0
    assert ended.out.startswith("QUEUE ")
    assert "This broker cannot list the jobs that are in its queues." in ended.out
    ended = app.servey("jobs", "cancel", "nobody")
    assert (ended.code, ended.out) == (
        0,
        "nobody is not run by whichever worker gets it, if it is there.\n",
    )
