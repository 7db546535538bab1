"""`servey serve --workers N`: a parent and its workers, by real processes and signals."""

import os
import re
import signal
import subprocess
import sys

from click.testing import CliRunner

from servey_core.cli.serve import serve

READY = r"Worker \d serves echo"


def ready(serving, count):
    for _ in range(count):
        serving.line(READY)


def who(serving, count):
    """What each worker answers; the kernel chooses one for each connection."""
    answers = {}
    while len(answers) < count:
        answer = serving.ask("who")
        answers[answer["pid"]] = answer["key"]
    return answers


def test_workers_share_the_port_and_the_key_and_a_dead_one_is_replaced(project):
    serving = project.serve("--workers=2", APP_SERVICES="echo,ticker")
    ready(serving, 2)
    answers = who(serving, 2)
    assert len(set(answers.values())) == 1
    assert serving.process.pid not in answers
    assert re.findall("listening", serving.text) == ["listening"]
    [ticking] = map(int, re.findall(r"ticking in (\d+)", serving.text))
    assert ticking in answers

    os.kill(ticking, signal.SIGKILL)
    serving.line("Worker 0 was killed by SIGKILL, and is replaced.")
    again = int(serving.line(r"ticking in (\d+)")[1])
    assert again != ticking
    ready(serving, 1)
    [other] = answers.keys() - {ticking}
    replaced = who(serving, 2)
    assert replaced.keys() == {other, again}
    assert set(replaced.values()) == set(answers.values())

    assert serving.ended(signal.SIGTERM) == 0
    assert serving.text.count("no longer ticking") == 1
    assert "Exception ignored" not in serving.text


def test_what_is_under_way_in_a_worker_is_finished(project):
    serving = project.serve("--workers=1")
    ready(serving, 1)
    worker = serving.ask("who")["pid"]
    os.kill(worker, signal.SIGINT)  # Ctrl-C is for the parent
    assert [serving.ask("who")["pid"] for _ in range(3)] == [worker] * 3
    with serving.connected("stop") as connection:
        serving.line("doing stop")
        serving.signal(signal.SIGTERM)
        assert serving.answer(connection) == {"answered": "after the stop"}
    assert serving.ended() == 0
    assert "replaced" not in serving.text


def test_ctrl_c_reaches_the_workers_by_their_parent_alone(project):
    serving = project.serve("--workers=1", SERVEY_GRACE_SECONDS="600")
    ready(serving, 1)
    serving.ask("hang")
    with serving.connected("stop") as connection:
        serving.line("doing stop")
        os.killpg(serving.process.pid, signal.SIGINT)  # as a terminal does
        serving.answer(connection)
    assert "KeyboardInterrupt" not in serving.text
    assert serving.process.poll() is None
    assert serving.ended(signal.SIGINT) == 130


def test_workers_end_with_a_parent_that_is_killed(project):
    serving = project.serve("--workers=2")
    ready(serving, 2)
    assert serving.ended(signal.SIGKILL) == -signal.SIGKILL  # waits for all that hold stderr


DOOMED = """
import logging, sys
from servey_core.children import Children
from servey_core.supervision import supervise

logging.basicConfig(format="%(message)s")
children = Children(["false"], {}, grace_seconds=1)
sys.exit(supervise(children, [], {}, count=1, grace_seconds=1))
"""


def test_a_worker_that_ends_again_and_again_is_given_up():
    doomed = subprocess.run(
        [sys.executable, "-c", DOOMED], capture_output=True, text=True, timeout=60, check=False
    )
    assert doomed.returncode == 1
    assert doomed.stderr.splitlines() == [
        *["Worker 0 exited with 1, and is replaced."] * 4,
        "Worker 0 exited with 1, the 5th time soon after its start: everything stops.",
    ]


def test_workers_and_reload_exclude_each_other():
    result = CliRunner().invoke(serve, ["--workers=2", "--reload"])
    assert result.exit_code == 2
    assert "--reload is for development and --workers for production" in result.output
