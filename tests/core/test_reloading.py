"""`servey serve --reload`: a child that is started anew, by real processes and signals."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from waiting import PATIENCE

from servey_core.cli.serve import watched
from servey_core.errors import ConfigurationError
from servey_core.reloading import python_and_templates, reload
from servey_core.safety import warnings_about
from servey_core.settings import Settings

CHANGED = """
from servey_core import action


@action
def say_goodbye(name: str) -> str:
    return f"Goodbye {name}!"
"""

WAITING = """
import sys

print("importing", file=sys.stderr, flush=True)
open("gate").read()
"""


def test_it_picks_up_changes_and_outlives_errors(project):
    pytest.importorskip("watchfiles")
    serving = project.serve("--reload")
    serving.line("say_hello")
    serving.line("Serving echo")
    first = serving.ask("who")

    project.write("actions.py", CHANGED)
    serving.line(r"Changed: actions\.py")
    serving.line("say_goodbye")
    serving.line("Serving echo")
    second = serving.ask("who")
    assert second["pid"] != first["pid"]
    assert second["key"] == first["key"]

    project.write("actions.py", "def broken(:\n")
    serving.line("SyntaxError")
    serving.line("It ended with status 5, and starts again after the next change")

    project.write("actions.py", CHANGED)
    serving.line("say_goodbye")
    serving.line("Serving echo")
    assert serving.ask("who")["key"] == first["key"]
    assert len(re.findall(r"SERVEY_JWT_SECRET_KEY=", serving.text)) == 1

    os.killpg(serving.process.pid, signal.SIGINT)  # as a terminal does
    assert serving.ended() == 0
    assert "KeyboardInterrupt" not in serving.text


def test_ctrl_c_while_the_child_starts_is_the_parents_business(project):
    pytest.importorskip("watchfiles")
    os.mkfifo(project.folder / "gate")
    project.write("actions.py", WAITING)
    serving = project.serve("--reload")
    serving.line("importing")
    os.killpg(serving.process.pid, signal.SIGINT)
    assert serving.ended() == 0
    assert "Interrupt" not in serving.text


def test_the_child_ends_with_a_parent_that_is_killed(project):
    pytest.importorskip("watchfiles")
    serving = project.serve("--reload")
    serving.line("Serving echo")
    assert serving.ended(signal.SIGKILL) == -signal.SIGKILL  # waits for all that hold stderr


class QuickChildren:
    """Children of which the first has read its files as soon as it starts, and one is changed."""

    def __init__(self, file, stop):
        self._file, self._stop = file, stop
        self.started = 0

    async def start(self):
        self.started += 1
        if self.started == 1:
            self._file.write_text(CHANGED)
        else:
            self._stop.set()
        return self

    async def wait(self):
        await asyncio.Event().wait()

    async def stop(self, child):
        assert child is self


def test_a_change_just_after_the_first_child_started_is_seen(tmp_path):
    pytest.importorskip("watchfiles")

    async def play():
        stop = asyncio.Event()
        children = QuickChildren(tmp_path / "actions.py", stop)
        reloading = reload(children, [tmp_path], python_and_templates(), stop)
        await asyncio.wait_for(reloading, PATIENCE)
        assert children.started == 2

    asyncio.run(play())


def test_in_production_it_is_warned_of():
    settings = Settings.load(given={"env": "production"})
    [warning] = warnings_about(settings, reload=True)
    assert warning.startswith("--reload is for development")


def test_without_watchfiles_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'servey-core\[reload\]'"):
        python_and_templates()


def test_what_counts_as_a_change():
    change = pytest.importorskip("watchfiles").Change.modified
    files = python_and_templates()
    seen = ["/app/actions.py", "/app/pages/hello.html.j2", "/app/pyproject.toml"]
    unseen = ["/app/data.db", "/app/.venv/x.py", "/app/__pycache__/x.py", "/app/notes.txt"]
    assert [name for name in (*seen, *unseen) if files(change, name)] == seen


def test_folders_beyond_the_working_one_are_watched_too(tmp_path, monkeypatch):
    here, beyond = tmp_path / "here", tmp_path / "beyond"
    for folder in (here, beyond):
        folder.mkdir()
        (folder / "actions.py").touch()
    monkeypatch.chdir(here)
    assert watched(["actions.py", "a.b", str(beyond / "actions.py")]) == [Path.cwd(), beyond]
