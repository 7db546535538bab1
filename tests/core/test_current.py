"""Which application code means that names none."""

import asyncio
import os
import subprocess
import sys
import threading

import pytest
from waiting import PATIENCE

from servey_core import Background, ConfigurationError, action, enqueue, start
from servey_core.current import context_of, known_runtime, running


@action(background=Background(keep_result=60))
def which() -> str:
    return known_runtime().settings.core.jwt_issuer or ""


@action(background=Background(keep_result=60))
async def which_too() -> str:
    return await asyncio.to_thread(lambda: known_runtime().settings.core.jwt_issuer)


@action(background=Background(keep_result=60))
def send() -> str:
    return enqueue(which).id


def result(job):
    return asyncio.run(job.result(PATIENCE))


@pytest.fixture
def two(background_app):
    """Two applications in one process, of the same actions."""
    return [background_app(which, which_too, send, jwt_issuer=name) for name in ("ann", "ben")]


def test_it_is_the_last_one_that_was_started(two):
    assert known_runtime() is two[1]
    seen = []
    thread = threading.Thread(target=lambda: seen.append(known_runtime()))
    thread.start()
    thread.join()
    assert seen == [two[1]] or seen[0] is two[1]


def test_it_is_the_one_that_runs_the_code(two):
    first, second = two

    async def task():
        return known_runtime()

    async def tasks():
        with running(first):
            one = asyncio.create_task(task())
            other = asyncio.to_thread(known_runtime)
            return await one, await other, known_runtime()

    found = [*asyncio.run(tasks()), known_runtime()]
    assert [runtime is first for runtime in found] == [True, True, True, False]
    assert known_runtime() is second


def test_nothing_else_is_said_in_its_own_context(two):
    with running(two[0]):
        context = context_of(two[1])
    assert context.run(known_runtime) is two[1]
    assert len(context) == 1


@pytest.mark.parametrize("function", [which, which_too])
def test_a_job_is_run_by_the_application_that_it_was_sent_to(two, function):
    first, second = two
    with running(second):
        assert result(enqueue.using(runtime=first)(function)) == "ann"
    with running(first):
        assert result(enqueue(function)) == "ann"
    assert result(enqueue(function)) == "ben"


def test_a_job_sends_its_jobs_to_its_own_application(two):
    first, second = two
    inner = result(enqueue.using(runtime=first)(send))

    async def known_to(runtime):
        return await runtime.task_queue.status(inner) is not None

    assert asyncio.run(known_to(first))
    assert not asyncio.run(known_to(second))


@pytest.fixture
def run_python(workplace):
    """Run Python on a file of the working folder, without settings."""

    def run(*arguments):
        environment = {name: os.environ[name] for name in os.environ if name[:7] != "SERVEY_"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=workplace.folder,
            env={**environment, "SERVEY_TASK_QUEUE": "in-process"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return run


AT_IMPORT = """
    from servey_core import action, enqueue

    @action
    def say(text: str) -> None:
        print(text)

    enqueue(say, "too early")

    @action
    def another() -> None: ...
"""


class TestModulesThatSendWhileTheyAreImported:
    def test_they_are_told_so_by_the_start(self, workplace):
        workplace.write("actions.py", AT_IMPORT)
        with pytest.raises(ConfigurationError, match="while the application imports it"):
            start()

    @pytest.mark.parametrize("words", [["-m", "servey_core", "actions"], ["actions.py"]])
    def test_it_is_an_error_wherever_it_begins(self, workplace, run_python, words):
        workplace.write("actions.py", AT_IMPORT)
        done = run_python(*words)
        assert done.returncode != 0
        assert "while the application imports it" in done.stderr
        assert "RecursionError" not in done.stderr

    def test_an_earlier_application_is_none_for_them(self, workplace, background_app):
        background_app(which)
        workplace.write("actions.py", AT_IMPORT)
        with pytest.raises(ConfigurationError, match="while the application imports it"):
            start()

    def test_it_works_again_after_a_start_that_failed(self, workplace, background_app):
        runtime = background_app(which, jwt_issuer="cat")
        workplace.write("actions.py", "1 / 0")
        with pytest.raises(ZeroDivisionError):
            start()
        assert result(enqueue(which)) == "cat"
        assert known_runtime() is runtime

    def test_a_script_beside_the_actions_starts_them_by_itself(self, workplace, run_python):
        workplace.write("actions.py", AT_IMPORT.replace('enqueue(say, "too early")', ""))
        workplace.write(
            "script.py",
            """
            import asyncio
            from servey_core import enqueue
            from actions import say

            job = enqueue.using(keep_result=60)(say, "hello")
            asyncio.run(job.result(60))
            """,
        )
        done = run_python("script.py")
        assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr

    def test_an_action_that_servey_runs_sends_jobs_and_tells_what_is_lost(
        self, workplace, run_python
    ):
        workplace.write(
            "actions.py",
            """
            from servey_core import action, enqueue

            @action
            def say(text: str) -> None: ...

            @action
            def greet() -> str:
                enqueue.using(delay=60)(say, "hello")
                return "later"
            """,
        )
        done = run_python("-m", "servey_core", "run", "greet")
        assert (done.returncode, done.stdout) == (0, '"later"\n'), done.stderr
        assert "pip install servey-sched" in done.stderr
        assert "1 job not done, and lost with this process: say" in done.stderr

    def test_a_script_without_actions_is_told_where_they_may_be(self, workplace, run_python):
        workplace.write(
            "script.py",
            """
            from servey_core import action, enqueue

            @action
            def say(text: str) -> None: ...

            enqueue(say, "hello")
            """,
        )
        done = run_python("script.py")
        assert done.returncode != 0
        assert "there is neither a file actions.py nor a package actions" in done.stderr
