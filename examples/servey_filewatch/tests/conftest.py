"""A copy of the example application, and the command `servey` in it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchfiles import watch

EXAMPLE = Path(__file__).parents[1] / "example"
PATIENCE = 20
"""How long a test waits for what should happen at once, in seconds."""


class Application:
    """An application in a folder of its own.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = [sys.executable, "-m", "servey_core"]
        self.server: subprocess.Popen[str] | None = None

    def rewrite(self, old: str, new: str) -> None:
        """Change the module of actions."""
        file = self.folder / "actions.py"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `servey`, until it ends."""
        return subprocess.run(
            [*self.python, *words],
            cwd=self.folder,
            env=_environment(environment),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def serve(self, **environment: str) -> None:
        """Run `servey serve` until it serves."""
        self.server = subprocess.Popen(
            [*self.python, "serve"],
            cwd=self.folder,
            env=_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.read_until("Serving ")

    def read_until(self, words: str) -> str:
        """What the server writes, up to the line that has `words`."""
        assert self.server is not None
        assert self.server.stdout is not None
        read = []
        killer = threading.Timer(PATIENCE, self.server.kill)
        killer.start()
        for line in self.server.stdout:
            read.append(line)
            if words in line:
                killer.cancel()
                return "".join(read)
        raise AssertionError(f"never {words!r} in:\n{''.join(read)}")

    def stop(self) -> int:
        """Ask the server to stop; its exit status."""
        assert self.server is not None
        self.server.send_signal(signal.SIGTERM)
        self.server.communicate(timeout=PATIENCE)
        return self.server.returncode

    def outcome(self, cause: Callable[[], object], holds: Callable[[], bool]) -> None:
        """Do something, and wait until it has had its effect in `outbox`."""
        over = threading.Event()
        giving_up = threading.Timer(PATIENCE, over.set)
        giving_up.start()
        # The first round comes at once, when the watching has begun.
        rounds = watch(
            self.folder / "outbox",
            stop_event=over,
            rust_timeout=1,
            yield_on_timeout=True,
            debounce=10,
            step=5,
        )
        next(rounds)
        cause()
        assert any(holds() for _ in rounds), "nothing happened"
        giving_up.cancel()


def _environment(changes: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "SERVEY" not in name}
    own = {"SERVEY_PLUGINS": "filewatch", "SERVEY_FILEWATCH_DEBOUNCE_MS": "20"}
    return {**kept, **own, **changes}


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    """The example application."""
    folder = shutil.copytree(EXAMPLE, tmp_path / "example")
    found = Application(folder)
    yield found
    if found.server is not None:
        found.server.kill()
        found.server.communicate()
