"""Real processes of `servey serve`, with a small application that has a service of its own."""

import importlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner
from waiting import PATIENCE

sys.path.insert(0, str(Path(__file__).parent))  # for `forging` and `state_contract`
pytest.register_assert_rewrite("forging", "state_contract")

ACTIONS = """
from servey_core import action


@action
def say_hello(name: str) -> str:
    return f"Hello {name}!"
"""

PLUGIN = '''
"""A TCP service that does what it is told, for tests."""

import asyncio
import hashlib
import logging
import importlib
import json
import logging
import os
import socket
import threading
import time

from servey_core import Service, hookimpl

log = logging.getLogger("app")


def echo(runtime):
    crash, hang = asyncio.Event(), asyncio.Event()

    async def obey(context, line):
        log.info("doing %s", line)
        match line:
            case "who":
                key = runtime.settings.core.jwt_secret_key.get_secret_value()
                digest = hashlib.sha256(key.encode()).hexdigest()
                return {"pid": os.getpid(), "key": digest}
            case "stop":
                await context.stop.wait()
                return {"answered": "after the stop"}
            case "hang":
                hang.set()
            case "block":
                time.sleep(600)
            case "thread":
                threading.Thread(target=time.sleep, args=(600,), name="stuck").start()
            case "executor":
                asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)
            case "crash":
                crash.set()
        return {}

    async def run(context):
        busy = set()

        async def talk(reader, writer):
            busy.add(asyncio.current_task())
            line = (await reader.readline()).decode().strip()
            writer.write(json.dumps(await obey(context, line)).encode())
            await writer.drain()
            writer.close()
            busy.discard(asyncio.current_task())

        servers = [await asyncio.start_server(talk, sock=one) for one in context.sockets]
        context.started()
        ends = [asyncio.ensure_future(event.wait()) for event in (context.stop, crash)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for server in servers:
            server.close()
        for end in ends:
            end.cancel()
        if crash.is_set():
            raise RuntimeError("the disk is full")
        if hang.is_set():
            await asyncio.Event().wait()
        if busy:
            await asyncio.wait(busy)

    def listen():
        log.info("listening")
        return [socket.create_server((runtime.settings.core.host, runtime.settings.core.port))]

    def description(sockets):
        return "tcp://%s:%d" % sockets[0].getsockname()

    return Service("echo", run, runtime.bindings, listen, description=description)


def ticker(runtime):
    async def run(context):
        log.info("ticking in %d", os.getpid())
        context.started()
        await context.stop.wait()
        log.info("no longer ticking in %d", os.getpid())

    return Service("ticker", run, singleton=True)


def doomed(runtime):
    async def run(context):
        raise RuntimeError("doomed")

    return Service("doomed", run)


@hookimpl
def servey_services(runtime):
    names = os.environ.get("APP_SERVICES", "echo")
    return [globals()[name](runtime) for name in names.split(",") if name != "none"]
'''


class Serving:
    """One process of `servey serve`."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], environment: dict[str, str]):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "servey_core", "serve", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._seen = 0
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that was written to stderr so far, by children as well."""
        return "".join(self.lines)

    def line(self, pattern: str) -> re.Match[str]:
        """Wait for the next line with a pattern in it, after the one that was asked for before."""
        deadline = time.monotonic() + PATIENCE
        with self._more:
            while True:
                while self._seen < len(self.lines):
                    self._seen += 1
                    if found := re.search(pattern, self.lines[self._seen - 1]):
                        return found
                if not self._more.wait(max(0.0, deadline - time.monotonic())):
                    raise AssertionError(f"no line has {pattern!r}:\n{self.text}")

    def ask(self, word: str) -> dict[str, object]:
        """Have the service `echo` do something, over a connection of its own."""
        with self.connected(word) as connection:
            return self.answer(connection)

    def connected(self, word: str) -> socket.socket:
        """A connection over which the service `echo` was asked to do something."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(f"{word}\n".encode())
        return connection

    @staticmethod
    def answer(connection: socket.socket) -> dict[str, object]:
        """What the service answers."""
        with connection.makefile() as file:
            return dict(json.loads(file.read()))

    @property
    def port(self) -> int:
        """The port of the service `echo`, from the last banner."""
        return int(re.findall(r"echo: tcp://127\.0\.0\.1:(\d+)", self.text)[-1])

    def signal(self, number: int) -> None:
        """Send a signal to the process that was started, and to no other."""
        self.process.send_signal(number)

    def ended(self, number: int | None = None) -> int:
        """Send a signal, wait for the end of it and of its children; the exit status."""
        if number is not None:
            self.signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "a child process lives on"
        return code

    def close(self) -> None:
        """End it, and all of its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._more:
                self.lines.append(line)
                self._more.notify_all()


class Project:
    """A folder with an application in it."""

    plugin_without_bindings = PLUGIN.replace("runtime.bindings", "()")
    variables: ClassVar[Mapping[str, str]] = {
        "SERVEY_PLUGINS_DENY": ",".join(one.name for one in entry_points(group="servey")),
        "SERVEY_PLUGIN_MODULES": "app_plugin",
        "SERVEY_PORT": "0",
    }

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Serving] = []
        self.write("actions.py", ACTIONS)
        self.write("app_plugin.py", PLUGIN)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the application, at once: nobody sees a half of it."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.draft")
        draft.write_text(text)
        return draft.replace(file)

    def serve(self, *arguments: str, **variables: str) -> Serving:
        """Start `servey serve`, on a free port unless another is given."""
        environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("SERVEY_")},
            **self.variables,
            "PYTHONWARNINGS": "error",
            **variables,
        }
        serving = Serving(self.folder, arguments, environment)
        self.started.append(serving)
        return serving


@pytest.fixture
def project(tmp_path):
    """An application with a service `echo`, to be served by real processes."""
    project = Project(tmp_path)
    yield project
    for serving in project.started:
        serving.close()


@pytest.fixture
def background_app(workplace):
    """Start an application of functions that are actions, whose jobs run in this process."""
    from servey_core import action_of, start

    started = []

    def start_one(*functions, **given):
        denied = [one.name for one in entry_points(group="servey")]
        settings = {"task_queue": "in-process", "state": "memory:", "plugins_deny": denied}
        actions = [action_of(function) for function in functions]
        started.append(start(actions=actions, given={**settings, **given}))
        return started[-1]

    yield start_one
    for runtime in started:
        runtime.close_task_queue()
        runtime.pool.close(PATIENCE)


@pytest.fixture
def refused(project, monkeypatch):
    """Run `servey serve` in this process, where it ends before it serves: `refused(status, ...)`.

    Gives what it wrote to stderr.
    """
    structlog = pytest.importorskip("structlog")
    from servey_core.cli import command_line

    serve = importlib.import_module("servey_core.cli.serve")

    for name in [name for name in os.environ if name.startswith("SERVEY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(serve, "serve_services", lambda *_, **__: pytest.fail("it would serve"))
    root = logging.getLogger()
    handlers, level = root.handlers, root.level

    def run(status, *arguments, **variables):
        for name, text in {**project.variables, **variables}.items():
            monkeypatch.setenv(name, text)
        result = CliRunner().invoke(command_line, ["serve", *arguments])
        assert result.exit_code == status, result.stderr
        return str(result.stderr)

    yield run
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    for name in ("actions", "app_plugin"):
        sys.modules.pop(name, None)
