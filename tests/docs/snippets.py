"""The fenced code blocks of a page, and what it takes to run them.

- A block with a `title="..."` is a file; it is written into the page's folder.
- A block of `console` is a session: the lines that begin with `$ ` are run by bash in the page's
  folder, must succeed, and must print what is shown below them (`...` stands for anything). A
  line that is `servey serve` stays in the background until the page's end, or until the next one
  takes its place. `console checkout` is run in the root of the repository.
- A block of `python` without a title is a program.
- `text` is never run, and neither is a block of `sh`: tests of their own hold the few of those.
- Any other block is an error.

All blocks of a page share a folder, and run in order. Pages say port 8000; it is a free one here.
`pip install` is a dry run: it must find everything, and changes nothing. A page whose sessions
install no servey-graphql, or no servey-sched, runs without it.
"""

import doctest
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from markdown_it import MarkdownIt
from ports import free_port

ROOT = Path(__file__).parents[2]
COMMAND_SECONDS = 180
STOP_SECONDS = 30
UNRUN = {"text", "sh"}
OPTIONAL = ("channels", "graphql", "sched")
"""Plugins that change what others print."""
TITLE = re.compile(r'title="([^"]+)"')
SERVES = re.compile(r"([A-Z_]+=\S+ )*servey serve( [\w./=-]+)*")


@dataclass(frozen=True)
class Snippet:
    """One fenced block.

    Attributes:
        place: Where it is, as `page:line`.
        language: The first word after the fence.
        info: The words after that.
        text: The block's lines.
    """

    place: str
    language: str
    info: str
    text: str

    @property
    def title(self) -> str | None:
        """The file that it is, if it is one."""
        found = TITLE.search(self.info)
        return found.group(1) if found else None


@dataclass(frozen=True)
class Command:
    """One command of a session, and what it should print; nothing shown is nothing claimed."""

    line: str
    shown: str


def snippets_of(page: Path) -> list[Snippet]:
    """The fenced blocks of a page."""
    tokens = MarkdownIt().parse(page.read_text())
    return [
        Snippet(f"{page.name}:{token.map[0] + 1}", *_words(token.info), token.content)
        for token in tokens
        if token.type == "fence" and token.map
    ]


def not_installed(page: Path) -> list[str]:
    """The plugins of `OPTIONAL` that a page does without: it does not install them."""
    installs = [
        command.line
        for snippet in snippets_of(page)
        if snippet.language == "console"
        for command in commands_of(snippet.text)
        if "pip install" in command.line
    ]
    named = " ".join([page.parent.name, *installs]).replace("_", "-")
    return [name for name in OPTIONAL if f"servey-{name}" not in named]


def commands_of(text: str) -> Iterator[Command]:
    """The commands of a session; `> ` continues one on the next line."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *rest = part.splitlines(keepends=True)
        while rest and rest[0].startswith("> "):
            line += rest.pop(0)[2:]
        yield Command(line.rstrip("\n"), "".join(rest))


class PageRun:
    """A page's folder, port and server.

    Args:
        folder: An empty folder.
        without: The plugins that are installed here, and not where the page is followed.
    """

    def __init__(self, folder: Path, without: Sequence[str] = ()) -> None:
        self._folder = folder
        self._port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._log = folder.with_name(f"{folder.name}.log")
        self._environment = {
            **{name: value for name, value in os.environ.items() if "SERVEY" not in name},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "NO_COLOR": "1",
            "COLUMNS": "100",
            "PYTHONUNBUFFERED": "1",
            "SERVEY_PORT": str(self._port),
        }
        if without:
            self._environment["SERVEY_PLUGINS_DENY"] = ",".join(without)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_server()

    def run(self, snippet: Snippet) -> None:
        """Do what a block says.

        Raises:
            AssertionError: Something else happens than what the page says.
        """
        if snippet.title:
            path = self._folder / snippet.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._with_port(snippet.text))
        elif snippet.language == "console":
            folder = ROOT if "checkout" in snippet.info else self._folder
            for command in commands_of(self._with_port(snippet.text)):
                self._run_command(command, folder)
        elif snippet.language == "python":
            line = shlex.join(["python", "-c", self._with_port(snippet.text)])
            self._run_command(Command(line, ""), self._folder)
        else:
            assert snippet.language in UNRUN, f"nothing runs a block of {snippet.language!r}"

    def _run_command(self, command: Command, folder: Path) -> None:
        if SERVES.fullmatch(command.line):
            self._start_server(command, folder)
            return
        line = re.sub(r"\bpip install\b", "pip install --quiet --dry-run", command.line)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        printed = done.stdout.decode()
        assert done.returncode == 0, f"$ {command.line}\nexit code {done.returncode}\n{printed}"
        assert matches(command.shown, printed), difference(command, printed)

    def _start_server(self, command: Command, folder: Path) -> None:
        self._stop_server()
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                ["bash", "-c", f"exec env {command.line}"],
                cwd=folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + COMMAND_SECONDS
        while time.monotonic() < deadline:
            printed = self._log.read_text()
            assert self._server.poll() is None, f"$ {command.line}\nended:\n{printed}"
            if _answers(self._port) and matches(command.shown, printed):
                return
            time.sleep(0.05)
        raise AssertionError(difference(command, printed))

    def _stop_server(self) -> None:
        if self._server is None:
            return
        self._server.send_signal(signal.SIGTERM)
        try:
            code = self._server.wait(STOP_SECONDS)
        finally:
            self._server.kill()
            self._server = None
        assert code == 0, f"servey serve ended with {code}:\n{self._log.read_text()}"

    def _with_port(self, text: str) -> str:
        return re.sub(r"\b8000\b", str(self._port), text)


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what is shown, which may be nothing."""
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return not shown or doctest.OutputChecker().check_output(shown, f"{printed.strip()}\n", options)


def difference(command: Command, printed: str) -> str:
    """What a person needs to see what is wrong."""
    return f"$ {command.line}\n--- the page shows\n{command.shown}--- it prints\n{printed}"


def _words(info: str) -> tuple[str, str]:
    language, _, rest = info.strip().partition(" ")
    return language, rest


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
