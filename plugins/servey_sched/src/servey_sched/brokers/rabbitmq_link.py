"""A connection that is opened when it is needed, and again when it was lost."""

import asyncio
from typing import Any

from servey_sched.brokers.rabbitmq_channel import Channel
from servey_sched.brokers.rabbitmq_connection import Connection


class Link:
    """A connection that mends itself, in the I/O thread.

    Args:
        parameters: What to connect with.
    """

    def __init__(self, parameters: Any) -> None:
        self._parameters = parameters
        self._opening: asyncio.Task[Connection] | None = None

    async def channel(self) -> Channel:
        """Open a channel, and the connection where it is not open.

        Raises:
            Lost: It does not come about.
        """
        connection = await self.connection()
        return await connection.channel()

    async def connection(self) -> Connection:
        """The connection, open; those that ask meanwhile get the same.

        Raises:
            Lost: It does not come about.
        """
        if self._opening is None or self._is_over(self._opening):
            self._opening = asyncio.create_task(Connection.open(self._parameters))
        return await asyncio.shield(self._opening)

    async def close(self) -> None:
        """Close the connection."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        if not opening.done():
            opening.cancel()
            await asyncio.wait([opening])
        elif not opening.cancelled() and opening.exception() is None:
            await opening.result().close()

    @staticmethod
    def _is_over(opening: "asyncio.Task[Connection]") -> bool:
        if not opening.done():
            return False
        return (
            opening.cancelled() or opening.exception() is not None or not opening.result().is_open
        )
