"""Messages on their way to RabbitMQ, and who waits for them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from servey_sched.brokers.rabbitmq_failures import Lost
from servey_sched.brokers.rabbitmq_layout import Letter, Place


class Outgoing(NamedTuple):
    """A message and where it shall go."""

    place: Place
    letter: Letter


class Batch:
    """Messages that are sent together.

    Attributes:
        error: Why it failed, where it did.

    Args:
        count: How many.
        finished: Is called once, when all are confirmed or it has failed.
        wanted: Whether they are still to be sent; where not, that is no failure.
    """

    def __init__(
        self,
        count: int,
        finished: Callable[[], object],
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.error: Lost | None = None
        self.wanted = wanted
        self._left = count
        self._finished = finished

    def confirm_one(self) -> None:
        """One of the messages is where it should be."""
        self._left -= 1
        if not self._left:
            self._finished()

    def fail(self, error: Lost) -> None:
        """It is not to be had."""
        if self._left > 0:
            self._left = 0
            self.error = error
            self._finished()


class Waiting:
    """What a thread waits with until its messages are confirmed.

    Args:
        count: How many messages.
    """

    def __init__(self, count: int) -> None:
        self._done = threading.Event()
        self._given_up = False
        self.batch = Batch(count, self._done.set, lambda: not self._given_up)

    def wait(self, seconds: float) -> bool:
        """Wait; whether they are done, well or not. Where not, they are no longer wanted."""
        done = self._done.wait(seconds)
        self._given_up = not done
        return done


@dataclass(eq=False, slots=True)
class Sending:
    """One message on its way.

    Attributes:
        outgoing: The message.
        batch: Those that it is sent with.
        returned: Whether RabbitMQ has said that its queue is not there.
        again: Whether it was sent once more for that.
    """

    outgoing: Outgoing
    batch: Batch
    returned: bool = False
    again: bool = False
