"""How jobs lie in RabbitMQ: which queues there are, and what a message says beside its body.

A queue of jobs is several of RabbitMQ's, all durable:

- the queue itself, a classic one, for those have priorities in every version;
- `:again`, with jobs whose consumer died; `:alone`, with those of them that start alone;
- `:due`, with delayed jobs in their last second;
- `:dead`, with dead letters;
- `:wait-1s`, `:wait-4s` and so on, with delayed jobs. Each holds a message for its time and hands
  it to `:due`. They are quorum queues, the only ones that hand over without a loss when RabbitMQ
  is killed.
"""

import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEVELS = (1, 2, 5, 10, 20, 50, 100)
"""Where a priority begins to count as another one, on either side of 0: each level costs memory."""

WAITS = tuple(1000 * 4**power for power in range(11))
"""For how long a message can wait in one queue, in milliseconds: up to twelve days."""

STARTS, DUE, ERROR, DIED_AT = "starts", "due", "error", "died_at"
"""The headers: how often the job was delivered; when it becomes ready and when it died, in
milliseconds and microseconds since 1970; why it died."""

LONGEST_NAME = 240
"""How many bytes a queue's name may have with the prefix; RabbitMQ takes 255."""

LONGEST_ERROR = 20_000
"""How many characters of an error are kept, the last ones: headers must fit into one frame."""


@dataclass(frozen=True)
class Place:
    """One of RabbitMQ's queues.

    Attributes:
        name: Its name.
        arguments: What it is declared with.
    """

    name: str
    arguments: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of RabbitMQ's.

    Attributes:
        body: Its bytes.
        headers: What is told with it.
        level: Its priority as RabbitMQ has it: greater goes first.
        id: Its id, where its bytes do not tell one.
    """

    body: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)
    level: int | None = None
    id: str | None = None

    def number(self, header: str) -> int:
        """A header that is a number; 0 where it is not there or is something else."""
        value = self.headers.get(header)
        return value if isinstance(value, int) else 0


class Layout:
    """The places of one broker.

    Args:
        prefix: What each name begins with.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def ready(self, queue: str) -> Place:
        """Where a queue's jobs wait for a consumer.

        Raises:
            ValueError: The queue's name is too long.
        """
        name = f"{self._prefix}{queue}"
        if len(name.encode()) > LONGEST_NAME:
            raise ValueError(f"The name of the queue {name!r} is too long for RabbitMQ.")
        return Place(name, {"x-queue-type": "classic", "x-max-priority": 2 * len(LEVELS)})

    def again(self, queue: str) -> Place:
        """Where they wait after their consumer died."""
        return self._classic(queue, "again")

    def alone(self, queue: str) -> Place:
        """Where those wait of which a process has one at a time."""
        return self._classic(queue, "alone")

    def suspects(self, queue: str, starts: int, alone_from: int) -> Place:
        """Where a job waits that was with a consumer when it died.

        Args:
            queue: Its queue.
            starts: How often it has been delivered.
            alone_from: How often that is of one that starts alone, at least.
        """
        return self.again(queue) if starts < alone_from else self.alone(queue)

    def due(self, queue: str) -> Place:
        """Where they are in the last second of their delay."""
        return self._classic(queue, "due")

    def dead(self, queue: str) -> Place:
        """Where the dead letters are."""
        return self._classic(queue, "dead")

    def lock(self, queue: str) -> Place:
        """Whose holder alone looks at the dead letters."""
        return self._classic(queue, "lock")

    def waits(self, queue: str) -> list[Place]:
        """Where delayed jobs are, the shortest first."""
        return [self._wait(queue, milliseconds) for milliseconds in WAITS]

    def delayed(self, queue: str, due: int) -> Place:
        """Where to put a job that is due at a moment."""
        at = bisect_right(WAITS, due - now())
        return self._wait(queue, WAITS[at - 1]) if at else self.due(queue)

    def _wait(self, queue: str, milliseconds: int) -> Place:
        return Place(
            f"{self.ready(queue).name}:wait-{milliseconds // 1000}s",
            {
                "x-queue-type": "quorum",
                "x-message-ttl": milliseconds,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": self.due(queue).name,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",  # which that strategy asks for
            },
        )

    def _classic(self, queue: str, kind: str) -> Place:
        return Place(f"{self.ready(queue).name}:{kind}", {"x-queue-type": "classic"})


def level_of(priority: int) -> int:
    """RabbitMQ's priority for Dramatiq's, of which smaller goes first."""
    steps = bisect_right(LEVELS, abs(priority))
    return len(LEVELS) - steps if priority > 0 else len(LEVELS) + steps


def now() -> int:
    """The present moment, in milliseconds since 1970, rounded down."""
    return time.time_ns() // 1_000_000
