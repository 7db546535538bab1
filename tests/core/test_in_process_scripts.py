"""Scripts that send jobs with no queue but that of their process, and start nothing."""

import os
import re
import subprocess
import sys

import pytest

SECONDS = 60.0
"""How long a script may take; its start takes the longest, where many tests start something."""

FORGETS = r"kept in the memory of this process.*pip install servey-sched"

SCRIPT = """
    import os, sys
    from servey_core import action, enqueue

    @action
    async def hang() -> None:
        import asyncio
        print("begun", flush=True)
        await asyncio.Event().wait()

    @action
    def say(text: str) -> None:
        os.write(1, text.encode() + b"\\n")  # in one step, as others say something too

    if __name__ == "__main__":
        {}
"""


@pytest.fixture
def run_script(workplace):
    """Run a script that begins with two actions; what it wrote, and its exit status."""

    def run(*lines, **variables):
        workplace.write("actions.py", SCRIPT.format("\n        ".join(lines)))
        environment = {name: os.environ[name] for name in os.environ if name[:7] != "SERVEY_"}
        return subprocess.run(
            [sys.executable, "actions.py"],
            cwd=workplace.folder,
            env={**environment, "SERVEY_TASK_QUEUE": "in-process", **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return run


def test_one_that_starts_nothing_may_send_jobs_and_is_told_what_is_lost(run_script):
    done = run_script("enqueue(hang)", "enqueue.using(delay=60)(say, text='late')")
    assert done.returncode == 0
    assert re.search(FORGETS, done.stderr)
    assert "2 jobs not done, and lost with this process: hang, say" in done.stderr
    assert "Traceback" not in done.stderr
    assert "late" not in done.stdout


def test_one_may_wait_for_its_results(run_script):
    done = run_script(
        "import asyncio",
        "job = enqueue.using(keep_result=60)(say, 'hello')",
        "asyncio.run(job.result(60))",
    )
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert "lost with" not in done.stderr


def test_threads_that_are_first_at_once_have_one_application(run_script):
    done = run_script(
        "import threading",
        "from concurrent.futures import ThreadPoolExecutor",
        "import asyncio",
        "barrier = threading.Barrier(8)",
        "def send(number):",
        "    barrier.wait()",
        "    return enqueue.using(keep_result=60)(say, str(number))",
        "with ThreadPoolExecutor(8) as pool:",
        "    jobs = [*pool.map(send, range(8))]",
        "for job in jobs:",
        "    asyncio.run(job.result(60))",
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == [str(number) for number in range(8)]
    assert len(re.findall(FORGETS, done.stderr)) == 1


def test_a_forked_process_has_jobs_of_its_own(run_script):
    done = run_script(
        "import asyncio",
        "enqueue.using(delay=60)(say, 'late')",
        "child = os.fork()",
        "if child == 0:",
        "    job = enqueue.using(keep_result=60)(say, 'of the child')",
        "    asyncio.run(job.result(60))",
        "    sys.exit()",
        "os.waitpid(child, 0)",
    )
    assert done.stdout == "of the child\n"
    assert len(re.findall("1 job not done", done.stderr)) == 1


def test_a_forked_process_has_threads_of_its_own(run_script):
    done = run_script(
        "import asyncio",
        "asyncio.run(enqueue.using(keep_result=60)(say, 'of the parent').result(60))",
        "child = os.fork()",
        "if child == 0:",
        "    asyncio.run(enqueue.using(keep_result=60)(say, 'of the child').result(60))",
        "    sys.exit()",
        "os.waitpid(child, 0)",
    )
    assert done.stdout == "of the parent\nof the child\n", done.stderr


def test_a_forked_process_that_sends_nothing_says_nothing(run_script):
    done = run_script(
        "enqueue.using(delay=60)(say, 'late')",
        "child = os.fork()",
        "if child == 0:",
        "    sys.exit()",
        "os.waitpid(child, 0)",
    )
    assert len(re.findall("1 job not done", done.stderr)) == 1
