"""`servey enqueue`, and what it does with the ways in which that can go wrong."""

import json
import signal
from datetime import UTC, datetime, timedelta

import pytest
from command_lines import Application
from waiting import PATIENCE, until

ACTIONS = """
import asyncio
from pathlib import Path

from servey_core import (
    Authorization, Background, Conflict, Idempotency, ScopeAccessControl, action, current_job,
)

AT_ONCE = Background(max_retries=0)


@action(background=AT_ONCE)
def say_hello(name: str = "World") -> str:
    return f"Hello {name}!"


@action(background=AT_ONCE)
def refuse() -> None:
    raise Conflict("Not today.", wanted=5)


@action(background=AT_ONCE)
def fail() -> None:
    {}["missing"]


@action
async def wait(name: str = "waits") -> None:
    Path(name).touch()
    await asyncio.Event().wait()


@action(access_control=ScopeAccessControl("root"))
def who(caller: Authorization) -> str:
    return caller.subject


@action(idempotency=Idempotency(required=True))
def once() -> str:
    return "once"
"""


ROUNDED = timedelta(milliseconds=2)
"""How much a moment may differ from what was kept of it."""


@pytest.fixture
def app(tmp_path):
    return Application(tmp_path, ACTIONS)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An application with a worker."""
    app = Application(tmp_path_factory.mktemp("app"), ACTIONS)
    with app.working("worker"):
        yield app


def show(app, job_id):
    return app.servey("jobs", "show", job_id, "--json").json


def test_the_id_alone_goes_to_stdout(app):
    ended = app.servey("enqueue", "say_hello", "--event", '{"name": "Ann"}')
    assert (ended.code, ended.err) == (0, "")
    job = show(app, ended.out.strip())
    assert (job["action"], job["state"], job["arguments"]) == (
        "say_hello",
        "ready",
        {"name": "Ann"},
    )


def test_json_says_which_action_too(app):
    job = app.servey("enqueue", "say-hello", "--json").json
    assert job == {"id": job["id"], "action": "say_hello"}


def test_arguments_come_from_stdin_too(app):
    ended = app.servey("enqueue", "say_hello", "--event", "-", stdin='{"name": "Ü"}')
    assert show(app, ended.out.strip())["arguments"] == {"name": "Ü"}


def test_what_is_said_of_a_job_is_kept_with_it(app):
    said = ["--priority", "-3", "--idempotency-key", "k 1", "--keep-result", "60"]
    caller = ["--as", '{"subject": "ann", "scopes": ["root"]}']
    began = datetime.now(UTC)
    job_id = app.enqueue("who", "--delay", "90", *said, *caller)
    ended = datetime.now(UTC)
    job = show(app, job_id)
    due, sent = (datetime.fromisoformat(job[name]) for name in ("due", "sent"))
    assert began - ROUNDED < sent < ended + ROUNDED
    assert began - ROUNDED < due - timedelta(seconds=90) < ended + ROUNDED
    assert job["authorization"] == {"subject": "ann", "scopes": ["root"]}
    assert (job["priority"], job["idempotency_key"], job["keep_result"]) == (-3, "k 1", 60)
    assert (job["state"], job["max_retries"], job["starts"]) == ("delayed", 10, 0)


def test_a_job_may_start_at_a_moment(app):
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    began = datetime.now(UTC)
    job_id = app.enqueue("wait", "--at", moment.isoformat())
    took = datetime.now(UTC) - began
    due = datetime.fromisoformat(show(app, job_id)["due"])
    assert moment - ROUNDED < due < moment + took + ROUNDED


def test_a_key_names_one_job(app):
    first, second = (app.enqueue("say_hello", "--idempotency-key", "k") for _ in range(2))
    assert first == second
    assert app.servey("jobs", "--json").json["queues"]["default"]["ready"] == 1


def test_a_key_is_made_up_where_an_action_needs_one(app):
    assert show(app, app.enqueue("once"))["idempotency_key"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["say_helo"], "Did you mean 'say_hello'? `servey actions` lists them."),
        (["say_hello", "--name", "Ann"], """all at once: --event '{"name": "World"}'."""),
        (["say_hello", "--event", "{"], "error: Bad request: The JSON cannot be read"),
        (["say_hello", "--event", '{"name": 1}'], "  #/name: Input should be a valid string"),
        (["say_hello", "--delay", "-5"], "'--delay': '-5' is no number of seconds from 0 upwards."),
        (["say_hello", "--delay", "nan"], "'--delay': 'nan' is no number of seconds"),
        (["say_hello", "--delay", "1e12"], "which is no number of milliseconds"),
        (["say_hello", "--priority", "9" * 20], "priority"),
        (["say_hello", "--idempotency-key", "é"], "1 to 255 printable ASCII characters"),
        (["say_hello", "--at", "tomorrow"], "'tomorrow' is no moment. Write it as 20"),
        (
            ["say_hello", "--at", "2030-01-01"],
            "'2030-01-01' has no time zone, so it is no moment. Write 2030-01-01T00:00:00Z for UTC",
        ),
        (
            ["say_hello", "--at", "2030-01-01T00:00Z", "--delay", "5"],
            "Give delay or at, not both",
        ),
        (["say_hello", "--wait", "--keep-result", "0"], "keeps no result to --wait for"),
        (["who", "--as", '{"subjekt": "ann"}'], "'--as'"),
    ],
)
def test_what_cannot_be_understood_is_said(app, arguments, told):
    ended = app.servey("enqueue", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert app.servey("jobs", "--json").json["jobs"] == []


def test_a_problem_may_be_json(app):
    ended = app.servey("enqueue", "say_hello", "--event", '{"name": 1}', "--json")
    assert (ended.code, json.loads(ended.out)["status"], ended.err) == (2, 422, "")


def test_whether_a_caller_may_is_decided_now(app):
    assert app.servey("enqueue", "who").code == 3
    ended = app.servey("enqueue", "who", "--as", '{"subject": "bob"}')
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error: Permission denied")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"task_queue": "in-process"}, "error: SERVEY_TASK_QUEUE is 'in-process': each process"),
        ({"broker_url": "memory:"}, "error: SERVEY_BROKER_URL is memory: - each process has"),
        ({"state": "memory:"}, "error: SERVEY_STATE is memory: - results are kept in the worker's"),
    ],
)
def test_jobs_that_nobody_else_could_see_are_refused(app, settings, told):
    ended = app.servey("enqueue", "say_hello", "--wait", **settings)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.startswith(told)


def test_a_broker_that_is_away_is_one_line(app):
    (app.folder / "jobs.db").mkdir()
    ended = app.servey("enqueue", "say_hello", broker_url="sqlite:///jobs.db")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: Unavailable: The jobs in ")
    assert ended.err.count("\n") == 1
    ended = app.servey("enqueue", "say_hello", "--json", broker_url="sqlite:///jobs.db")
    assert json.loads(ended.out)["status"] == 503


class TestWaiting:
    def test_a_result_is_written_as_run_writes_it(self, served):
        given = ["say_hello", "--event", '{"name": "Ü"}']
        ended, run = served.servey("enqueue", *given, "--wait"), served.servey("run", *given)
        assert (ended.code, ended.out, ended.err) == (0, '"Hello Ü!"\n', "")
        assert run.out == ended.out

    def test_a_problem_is_told_as_run_tells_it(self, served):
        ended = served.servey("enqueue", "refuse", "--wait", "60")
        assert (ended.code, ended.out) == (4, "")
        assert ended.err == "error: Conflict: Not today.\n  wanted: 5\n"
        ended = served.servey("enqueue", "refuse", "--wait", "60", "--json")
        assert (ended.code, json.loads(ended.out)["title"], ended.err) == (4, "Conflict", "")

    def test_a_failure_says_nothing_of_its_reason(self, served):
        ended = served.servey("enqueue", "fail", "--wait", "60")
        assert (ended.code, ended.out, ended.err) == (1, "", "error: Internal error.\n")

    def test_whoever_it_runs_for_is_known(self, served):
        caller = ["--as", '{"subject": "ann", "scopes": ["root"]}']
        assert served.servey("enqueue", "who", "--wait", "60", *caller).json == "ann"

    def test_no_longer_than_is_said(self, served):
        ended = served.servey("enqueue", "wait", "--wait", "0.1")
        assert (ended.code, ended.out) == (1, "")
        assert "(wait) has not ended within 0.1 s. `servey jobs show " in ended.err

    def test_ctrl_c_leaves_the_job_alone(self, served):
        given = ["wait", "--event", '{"name": "waits for Ctrl-C"}']
        with served.process("enqueue", *given, "--wait") as process:
            until((served.folder / "waits for Ctrl-C").exists)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (130, "")
        assert "(wait) goes on without you. `servey jobs show " in err
        assert err.endswith("Interrupted.\n")
        [job_id] = {word.rstrip("`") for word in err.split() if word.count("-") == 4}
        assert served.state(job_id) == "running"
