"""The command line as a process, and in this process where a process would be too slow."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from servey_core import action_of, start
from servey_core.cli import command_line
from servey_core.cli.application import Session


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Project:
    """A folder with an application in it; of the installed plugins none is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: text for name, text in os.environ.items() if "SERVEY" not in name},
            "SERVEY_PLUGINS_DENY": ",".join(one.name for one in entry_points(group="servey")),
            "PYTHONPATH": os.pathsep.join([str(folder / "installed"), *filter(None, sys.path)]),
            "PYTHONWARNINGS": "error",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def write(self, name: str, text: str) -> Path:
        """Write a file of the application."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def install(self, name: str, text: str) -> None:
        """Install a distribution `servey-NAME`, with a plugin NAME that has this text."""
        info = f"installed/servey_{name}-1.2.dist-info"
        self.write(f"installed/servey_{name}.py", text)
        self.write(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: servey-{name}\nVersion: 1.2\n"
        )
        self.write(f"{info}/entry_points.txt", f"[servey]\n{name} = servey_{name}\n")

    def command(self, *arguments: str) -> list[str]:
        """The command line of a process."""
        return [sys.executable, "-m", "servey_core", *arguments]

    def servey(self, *arguments: str, stdin: str = "", **variables: str) -> Ended:
        """Run a command as a process, to its end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **variables},
            input=stdin.encode(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def project(tmp_path):
    """An application's folder, where `servey` is run as a process."""
    return Project(tmp_path)


@pytest.fixture
def servey(monkeypatch):
    """Runs a command in this process, on an application of the functions that are given."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    for name in [name for name in os.environ if "SERVEY" in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(
        "SERVEY_PLUGINS_DENY", ",".join(one.name for one in entry_points(group="servey"))
    )

    def run(functions, *arguments, stdin=""):
        runtime = start(actions=[action_of(function) for function in functions])
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            command_line.main(arguments, "servey", obj=Session(runtime, out.buffer, err))
        out.flush()
        runtime.pool.close(1.0)
        return Ended(int(ended.value.code or 0), out.buffer.getvalue().decode(), err.getvalue())

    return run
