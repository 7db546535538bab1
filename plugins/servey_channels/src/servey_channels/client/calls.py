"""What a client has asked for, and has no answer to yet."""

import asyncio
from itertools import count
from typing import Any

from servey_channels.client.errors import ConnectionLost


class Calls:
    """Calls under way, by their numbers."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}

    def number(self) -> int:
        """A number for a message."""
        return next(self._numbers)

    def begin(self) -> tuple[int, asyncio.Future[Any]]:
        """A number for a call, and what its answer will be in."""
        number, answer = self.number(), asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        return number, answer

    def forget(self, number: int) -> None:
        """Await an answer no more."""
        self._asked.pop(number, None)

    def answer(self, number: Any, answer: Any) -> None:
        """Give a call its answer, which is raised where it is an exception."""
        future = self._asked.pop(number, None)
        if future is None or future.done():
            return
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def lose(self) -> None:
        """The connection has ended: no answer will come."""
        for number in list(self._asked):
            self.answer(number, ConnectionLost("The connection ended before the answer came."))
