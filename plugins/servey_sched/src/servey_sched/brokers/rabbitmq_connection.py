"""A connection to RabbitMQ, by pika, that is awaited in an event loop."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import pika  # type: ignore[import-untyped]
from pika.adapters.asyncio_connection import (  # type: ignore[import-untyped]
    AsyncioConnection,
)
from pika.exceptions import AMQPError  # type: ignore[import-untyped]

from servey_core.errors import SettingsError
from servey_core.settings import SecretUrl
from servey_sched.brokers.rabbitmq_channel import Channel, tell
from servey_sched.brokers.rabbitmq_failures import as_lost


def parameters_of(url: str, *, heartbeat: int, patience: float) -> Any:
    """What pika connects with.

    Raises:
        SettingsError: The URL does not do.
    """
    try:
        if not url.startswith(("amqp://", "amqps://")):
            raise ValueError("it does not begin with amqp:// or amqps://")  # noqa: TRY301
        parameters = pika.URLParameters(url)
    except (ValueError, TypeError, IndexError) as error:
        raise SettingsError(
            f"The broker's URL is '{SecretUrl(url)}', which pika does not take: {error}. "
            "It may be such as `amqp://user:password@host:5672/%2F`."
        ) from None
    parameters.heartbeat = heartbeat
    parameters.socket_timeout = parameters.stack_timeout = patience
    quiet = logging.getLogger("pika")
    if quiet.level == logging.NOTSET:  # what it tells of every lost connection, we tell once
        quiet.setLevel(logging.CRITICAL)
    return parameters


class _PatientChannel(pika.channel.Channel):  # type: ignore[misc]
    """Gives its consumer also what comes after its cancelling, before RabbitMQ knows of that.

    Pika rejects that, and RabbitMQ takes what was rejected for something that was tried.
    """

    def _on_deliver(self, method_frame: Any, header_frame: Any, body: bytes) -> None:
        receive = self._consumers.get(method_frame.method.consumer_tag)
        if receive is not None:
            receive(self, method_frame.method, header_frame.properties, body)


class _GatheringConnection(AsyncioConnection):  # type: ignore[misc]
    """Sends what is written in one turn of the event loop at once, not frame by frame."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._gathered: list[bytes] = []
        super().__init__(*arguments, **named)

    def _create_channel(self, channel_number: int, on_open_callback: Any) -> Any:
        return _PatientChannel(self, channel_number, on_open_callback)

    def _adapter_emit_data(self, data: bytes) -> None:
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._send_gathered)
        self._gathered.append(data)

    def _adapter_disconnect_stream(self) -> None:
        self._send_gathered()
        super()._adapter_disconnect_stream()

    def _send_gathered(self) -> None:
        data, self._gathered = b"".join(self._gathered), []
        if data and self._transport is not None:
            super()._adapter_emit_data(data)


class Connection:
    """A connection.

    Args:
        raw: Pika's.
        gone: Done once it is no longer open.
    """

    def __init__(self, raw: Any, gone: "asyncio.Future[None]") -> None:
        self._raw = raw
        self._gone = gone

    @classmethod
    async def open(cls, parameters: Any) -> Self:
        """Connect.

        Raises:
            Lost: It does not come about.
        """
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        gone: asyncio.Future[None] = loop.create_future()

        def failed(_: Any, error: BaseException) -> None:
            tell(opened, as_lost(error))
            tell(gone, None)

        raw = _GatheringConnection(
            parameters,
            on_open_callback=lambda _: tell(opened, None),
            on_open_error_callback=failed,
            on_close_callback=lambda *_: tell(gone, None),
            custom_ioloop=loop,
        )
        try:
            await opened
        except asyncio.CancelledError:
            with suppress(AMQPError):  # it may have failed already
                raw.close()
            await gone
            raise
        return cls(raw, gone)

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return bool(self._raw.is_open)

    def on_blocked(self, told: Callable[[str], None]) -> None:
        """Have something told why RabbitMQ takes no messages now; nothing once it does again."""
        self._raw.add_on_connection_blocked_callback(
            lambda _, frame: told(str(frame.method.reason))
        )
        self._raw.add_on_connection_unblocked_callback(lambda *_: told(""))

    async def channel(self) -> Channel:
        """Open a channel.

        Raises:
            Lost: The connection is gone.
        """
        try:
            channel = Channel(self._raw)
        except AMQPError as error:
            raise as_lost(error) from error
        await channel.opened
        return channel

    async def close(self) -> None:
        """Close it, and its channels."""
        if self.is_open:
            self._raw.close()
            await self._gone
