"""Applications of which commands are run: in this process, and as processes of their own."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from waiting import PATIENCE, until

from servey_core.cli import command_line
from servey_core.cli.application import Session


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote to stdout, and that it went well."""
        assert self.code == 0, self.err
        return json.loads(self.out)


class Application:
    """A folder with actions in it.

    Args:
        folder: The folder.
        actions: The actions, as Python.
        settings: Settings, as variables without `SERVEY_`.
    """

    def __init__(self, folder: Path, actions: str, **settings: str) -> None:
        self.folder = folder
        (folder / "actions.py").write_text(actions)
        bare = {name: text for name, text in os.environ.items() if not name.startswith("SERVEY_")}
        self._settings = {"plugins": "sched", "action_path": "actions.py", **settings}
        self._bare = {**bare, "PYTHONWARNINGS": "error"}

    def servey(self, *arguments: str, stdin: str = "", **settings: str) -> Ended:
        """Run a command in this process, to its end."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        environment = mock.patch.dict(os.environ, self._environment(settings), clear=True)
        read = mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        path = mock.patch.object(sys, "path", sys.path.copy())
        code: Any = 0
        with (
            environment,
            read,
            path,
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                command_line.main(arguments, "servey", obj=Session())
            except SystemExit as ended:
                code = ended.code
            finally:
                sys.modules.pop("actions", None)
        out.flush()
        return Ended(int(code or 0), out.buffer.getvalue().decode(), err.getvalue())

    def enqueue(self, *arguments: str) -> str:
        """Send an action to the background; the job's id."""
        ended = self.servey("enqueue", *arguments)
        assert ended.code == 0, ended.err
        return ended.out.strip()

    @contextmanager
    def process(self, *arguments: str, **options: Any) -> "Iterator[subprocess.Popen[str]]":
        """A process of a command; its end is awaited, and brought about where need be."""
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        with subprocess.Popen(
            [sys.executable, "-m", "servey_core", *arguments],
            cwd=self.folder,
            env=self._environment({}),
            stdin=subprocess.DEVNULL,
            text=True,
            **streams,
        ) as process:
            try:
                yield process
            finally:
                process.kill()
                process.wait(PATIENCE)

    @contextmanager
    def working(self, *arguments: str) -> Iterator[None]:
        """A worker, or whatever else is named, for as long as the context is open."""
        log = self.folder / "worker.log"
        with log.open("w") as file, self.process(*arguments, stdout=file, stderr=file) as process:
            until(lambda: "Serving " in log.read_text() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield

    def state(self, job_id: str) -> str:
        """Where a job is; empty where nothing is known of it."""
        ended = self.servey("jobs", "show", job_id, "--json")
        return "" if ended.code else ended.json["state"]

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        given = {
            f"SERVEY_{name.upper()}": text for name, text in (self._settings | settings).items()
        }
        return {**self._bare, **given}
