"""Notes that all processes share: who ran which job, when, and how often.

A job is told by a number. What a job does is to note that it runs, which takes a fraction of a
microsecond: the same for every library, and no work for any broker.
"""

import mmap
import os
import time
from pathlib import Path
from typing import Self

CAPACITY = 1 << 16
"""Numbers are below this."""

_SIZES = {"d": 8, "I": 4, "B": 1}


class Notes:
    """The notes of one file, which lies in memory.

    Attributes:
        sent: When each job was about to be enqueued, by the monotonic clock; 0 where it was not.
        started: When each job ran last.
        processes: Which process ran it last.
        runs: How often it ran.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            shared = memoryview(mmap.mmap(file.fileno(), 0))
        parts, begin = [], 0
        for code in ("d", "d", "I", "B"):
            end = begin + CAPACITY * _SIZES[code]
            parts.append(shared[begin:end].cast(code))  # type: ignore[call-overload]
            begin = end
        self.sent, self.started, self.processes, self.runs = parts

    @classmethod
    def new(cls, path: Path) -> Self:
        """Empty notes."""
        with path.open("wb") as file:
            file.truncate(CAPACITY * (8 + 8 + 4 + 1))
        return cls(path)

    def run(self, number: int) -> None:
        """Note that a job runs, in this process, now."""
        self.started[number] = time.monotonic()
        self.processes[number] = os.getpid()
        self.runs[number] += 1

    def waiting(self, numbers: range) -> int:
        """How many of these jobs have not run."""
        return bytes(self.runs[numbers.start : numbers.stop]).count(0)

    def repeated(self, numbers: range) -> int:
        """How many of these jobs ran more than once."""
        return sum(times > 1 for times in self.runs[numbers.start : numbers.stop])

    def last_start(self, numbers: range) -> float:
        """When the last of these jobs ran."""
        return max(self.started[numbers.start : numbers.stop])

    def latencies(self, numbers: range) -> list[float]:
        """How long each of these jobs waited, enqueueing included, in seconds."""
        span = slice(numbers.start, numbers.stop)
        return [run - sent for sent, run in zip(self.sent[span], self.started[span], strict=True)]
