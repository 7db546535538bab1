"""Jobs that were with a consumer when it died, each of which may be what it died of.

Such jobs start again along with others, until one more start is the last that they are allowed.
For that one they are alone: a process has one of them at a time, whatever their queues. So a job
that kills whoever runs it is alone with its last death, and no other is given up for that.
"""

import threading
from collections.abc import Callable, Iterable

ALONE_FROM = 2
"""How often a job has been started that starts alone the next time, where nothing else is said."""


class Cell:
    """Where a process has its one job that starts alone.

    Args:
        alone_from: How often a job has been started, at least, that starts alone.

    Attributes:
        alone_from: The same.
    """

    def __init__(self, alone_from: int) -> None:
        self.alone_from = alone_from
        self._lock = threading.Lock()
        self._owner: Suspects | None = None
        self._before: Suspects | None = None

    def enter(self, who: "Suspects") -> bool:
        """Keep it for one consumer, which then has a job there or leaves; whether it was free."""
        with self._lock:
            if self._owner is not None:
                return False
            self._owner, before, self._before = who, self._before, None
        if before is not None and before is not who:
            before.tell()  # or its job, which is done, would have died as well if the next kills
        return True

    def leave(self, who: "Suspects", *, after_job: bool) -> None:
        """Let others have it, if it is this consumer's."""
        with self._lock:
            if self._owner is who:
                self._owner = None
                self._before = who if after_job else None


class Suspects:
    """Those that one consumer has. Half of its jobs may be such, so that others have their turn.

    Args:
        prefetch: How many jobs it has at most.
        cell: Where its process has the one that is alone.
        tell: Tells the broker what became of them, where it may not know of it yet.

    Attributes:
        cell: The same.
        tell: The same.
    """

    def __init__(self, prefetch: int, cell: Cell, tell: Callable[[], None] = lambda: None) -> None:
        self.cell = cell
        self.tell = tell
        self._most = most_of(prefetch)
        self._count = 0
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """How many more may come."""
        return max(0, self._most - self._count)

    def begin(self) -> bool:
        """Before jobs are taken: whether one of them may be one that starts alone."""
        return self.cell.enter(self)

    def took(self, starts: Iterable[int], *, may_be_alone: bool) -> None:
        """After that.

        Args:
            starts: How often each job has been delivered, this time included.
            may_be_alone: What `begin` has said.
        """
        again = [one for one in starts if one > 1]
        with self._lock:
            self._count += len(again)
        if may_be_alone and not any(one > self.cell.alone_from for one in again):
            self.cell.leave(self, after_job=False)

    def gone(self, starts: int) -> bool:
        """It is known what becomes of a job that was delivered so often; whether it is suspect."""
        if starts <= 1:
            return False
        with self._lock:
            self._count -= 1
        if starts > self.cell.alone_from:
            self.cell.leave(self, after_job=True)
        return True


def most_of(prefetch: int) -> int:
    """How many of the jobs that a consumer has may be suspects."""
    return max(1, prefetch // 2)
