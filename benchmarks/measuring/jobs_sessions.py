"""A session: a worker of one library, a process that enqueues for it, and an empty place."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import peers.jobs
from peers.jobs import JobPeer
from peers.jobs.contract import NAME, NOTES, URL
from peers.jobs.notes import CAPACITY, Notes

from measuring.jobs_environments import python
from measuring.jobs_processes import Client, Surroundings, Worker
from measuring.jobs_servers import Place, Servers

_PATIENCE = 30
"""For how many seconds none of the jobs may run that are waited for."""
_LOOK = 0.002
"""How often the notes are looked at, in seconds."""
_SETTLING = 0.3
_TOLD = 5000
"""How much of the logs is shown where something goes wrong: so many characters of their end."""
_SHARED_MEMORY = Path("/dev/shm")
_WARM_UP = 64


class JobsLostError(AssertionError):
    """Jobs did not run.

    Attributes:
        count: How many.
    """

    def __init__(self, count: int, of: int) -> None:
        super().__init__(f"{count} of {of} jobs did not run")
        self.count = count


@dataclass
class Session:
    """A worker of one library, and what is enqueued for it.

    Attributes:
        client: The process that enqueues.
        notes: What the workers note.
    """

    client: Client
    notes: Notes
    _peer: JobPeer
    _place: Place
    _surroundings: Surroundings
    _processes: int
    _given: int = 0
    _worker: Worker | None = field(default=None, init=False)

    def numbers(self, count: int) -> range:
        """Numbers for so many jobs."""
        self._given += count
        assert self._given <= CAPACITY, "there are no more numbers"
        return range(self._given - count, self._given)

    def start(self) -> None:
        """Start the worker."""
        copies = self._processes if self._peer.solitary else 1
        name = self._surroundings.variables[NAME]
        commands = [
            [
                word.format(processes=self._processes, worker=f"{name}-{number}")
                for word in self._peer.worker
            ]
            for number in range(copies)
        ]
        self._worker = Worker(self._surroundings, commands)

    def warm_up(self) -> None:
        """Have jobs run until every process has run some."""
        seen: set[int] = set()
        deadline = time.monotonic() + _PATIENCE
        while len(seen) < self._processes:
            assert time.monotonic() < deadline, f"{len(seen)} of {self._processes} processes work"
            numbers = self.numbers(_WARM_UP * self._processes)
            self.client.enqueue(numbers)
            self.wait(numbers)
            seen.update(self.notes.processes[numbers.start : numbers.stop])
        self.settle()

    @staticmethod
    def settle() -> None:
        """Leave the worker alone until it has told the broker of the last jobs."""
        time.sleep(_SETTLING)

    def wait(self, numbers: range, most_left: int = 0) -> None:
        """Wait until of these jobs no more than some have not run.

        Raises:
            JobsLostError: For too long, none of them has run.
            AssertionError: The worker has ended.
        """
        fewest, deadline = len(numbers) + 1, 0.0
        while (left := self.notes.waiting(numbers)) > most_left:
            assert self.worker.alive, "a worker has ended"
            if left < fewest:
                fewest, deadline = left, time.monotonic() + _PATIENCE
            if time.monotonic() > deadline:
                raise JobsLostError(left, len(numbers))
            time.sleep(_LOOK)

    def halt(self) -> None:
        """Have the worker stand still, and not in the way of those who enqueue."""
        self.worker.halt()
        while self._place.locked:
            self.worker.go_on()
            time.sleep(_LOOK)
            self.worker.halt()

    def go_on(self) -> float:
        """Let the worker go on; when that was."""
        return self.worker.go_on()

    def kill(self) -> None:
        """Kill the worker, as a crash would."""
        if self._worker:
            self._worker.kill()
            self._worker = None

    @property
    def worker(self) -> Worker:
        """The worker, which was started."""
        assert self._worker is not None
        return self._worker


@contextmanager
def session(peer: JobPeer, broker: str, servers: Servers, processes: int = 1) -> Iterator[Session]:
    """A session of a library on a broker; its worker is not started yet.

    All that its processes log is shown if something goes wrong.
    """
    with servers.place(broker) as place, _shared_folder() as folder:
        notes, log = folder / "notes", folder / "log"
        kept = Notes.new(notes)
        surroundings = Surroundings(
            python(peer),
            _folder(peer, folder),
            {URL: place.url, NAME: folder.name, NOTES: str(notes)},
            log,
        )
        client = Client(surroundings, [str(notes), peer.module, peer.enqueuer])
        opened = Session(client, kept, peer, place, surroundings, processes)
        try:
            yield opened
        except BaseException:
            print(log.read_text()[-_TOLD:])
            raise
        finally:
            opened.kill()
            client.close()


@contextmanager
def _shared_folder() -> Iterator[Path]:
    where = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    with TemporaryDirectory(prefix="servey-jobs-", dir=where) as folder:
        yield Path(folder)


def _folder(peer: JobPeer, otherwise: Path) -> Path:
    here = Path(peers.jobs.__file__).parent
    return here / peer.folder if peer.folder else otherwise
