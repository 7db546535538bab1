"""A process that enqueues as it is told: `measuring.jobs_processes` runs it.

An order is a line of JSON: the first number, how many jobs, how many seconds apart (0: as quickly
as it goes), and how many in a step (0: one by one). The answer is when it began, and how many
seconds it took. The end of the orders is the end.
"""

import json
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from peers.jobs.contract import BatchLibrary
from peers.jobs.notes import Notes


def main(notes: str, module: str, name: str) -> None:
    """Enqueue until there are no more orders.

    Args:
        notes: The file of the notes.
        module: The library's module here.
        name: The class in it.
    """
    library = getattr(import_module(f"peers.jobs.{module}"), name)()
    sent = Notes(Path(notes)).sent
    for line in sys.stdin:
        first, count, apart, step = json.loads(line)
        numbers = range(first, first + count)
        begun = time.monotonic()
        if step:
            _enqueue_many(library, numbers, step)
        else:
            library.enqueue(_paced(numbers, apart, sent) if apart else numbers)
        print(json.dumps([begun, time.monotonic() - begun]), flush=True)
    library.close()


def _enqueue_many(library: BatchLibrary, numbers: range, step: int) -> None:
    for first in range(0, len(numbers), step):
        library.enqueue_many(numbers[first : first + step])


def _paced(numbers: range, apart: float, sent: memoryview) -> Iterator[int]:
    """Give each number when it is due, and note when it was given."""
    begun = time.monotonic()
    for place, number in enumerate(numbers):
        time.sleep(max(0.0, begun + place * apart - time.monotonic()))
        sent[number] = time.monotonic()
        yield number


if __name__ == "__main__":
    main(*sys.argv[1:])
