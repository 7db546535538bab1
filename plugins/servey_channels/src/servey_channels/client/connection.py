"""A client that stays connected: it comes back, and goes on where it was."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from servey_channels.client.calls import Calls
from servey_channels.client.delays import Delays
from servey_channels.client.errors import ChannelProblem, ConnectionLost
from servey_channels.client.opening import opened, refusal
from servey_channels.client.subscription import Subscription
from servey_channels.client.tokens import Tokens, TokenSource, renewed_in
from servey_core import Position

_AGAIN = 1.0
"""How long it waits before it asks again for what it does not get just now, in seconds."""

_log = logging.getLogger("servey.channels")


class ChannelClient:
    """A client of an application's channels; enter it to connect.

    Args:
        url: Where the channels are: `wss://example.com/subscription`.
        token: A token, or what gets one: called for each connection, and before one expires. What
            it raises ends the client before the first connection, and is logged later on.
        on_health: Called with False when the server hears of events late, and with True when it
            does not any more.
        delays: How long it waits before it comes back.
        options: Further ones of `websockets.asyncio.client.connect`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: TokenSource = None,
        on_health: Callable[[bool], None] | None = None,
        delays: Delays | None = None,
        **options: Any,
    ) -> None:
        self._url = url
        self._tokens = Tokens(token)
        self._on_health = on_health
        self._delays = delays or Delays()
        self._options = options
        self._subscriptions: dict[str, Subscription] = {}
        self._calls = Calls()
        self._subscribing: dict[int, Subscription] = {}
        self._open = asyncio.Event()
        self._connection: ClientConnection | None = None
        self._failure: Exception | None = None
        self._was_open = False
        self._later: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect, and wait until that has succeeded.

        Raises:
            Refused: The server does not let the client in.
        """
        self._failure = None
        self._open.clear()
        self._running = asyncio.create_task(self._run())
        try:
            await self._opened()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        for task in (self._running, *self._later):
            task.cancel()
        await asyncio.wait({self._running, *self._later})
        if self._failure is None:
            self._fail(ConnectionLost("The client has hung up."))

    def subscribe(
        self,
        channel: str,
        *,
        since: Position | None = None,
        on_gap: Callable[[Position], None] | None = None,
    ) -> Subscription:
        """Ask for a channel's events; they come in order, also over connections that are cut.

        Args:
            channel: The channel's name.
            since: The last position that is known; events after it come first.
            on_gap: Called with where the channel is when events are lost: load afresh what they
                are about.

        Raises:
            ValueError: The client has the channel already.
        """
        if channel in self._subscriptions:
            raise ValueError(f"This client is subscribed to {channel!r} already.")
        subscription = Subscription(self, channel, since, on_gap)
        self._subscriptions[channel] = subscription
        if self._failure is not None:
            subscription.fail(self._failure)
        elif self._open.is_set():
            self._soon(self.ask_for(subscription))
        return subscription

    async def send(self, channel: str, data: Any = None, *, timeout: float = 30.0) -> Any:  # noqa: ASYNC109 - it is of the whole exchange
        """Send something to a channel, and wait for what its action gives.

        Args:
            channel: The channel's name.
            data: The action's arguments, as JSON values.
            timeout: How long that may take, in seconds.

        Returns:
            The result, as JSON values.

        Raises:
            ChannelProblem: The server refused it, or failed.
            ConnectionLost: The connection ended before the answer came: it may have been done.
                Or the client has hung up.
            TimeoutError: No answer came in time.
            Refused: The server does not let the client in any more.
        """
        async with asyncio.timeout(timeout):
            await self._opened()
            number, answer = self._calls.begin()
            try:
                await self._say({"type": "send", "channel": channel, "data": data, "id": number})
                return await answer
            except ConnectionClosed:
                raise ConnectionLost("The connection ended before the answer came.") from None
            finally:
                self._calls.forget(number)

    async def ask_for(self, subscription: Subscription) -> None:
        """Ask for a subscription's events since its position, where there is a connection."""
        if self._subscriptions.get(subscription.channel) is subscription and self._open.is_set():
            number = self._calls.number()
            self._subscribing[number] = subscription
            with suppress(ConnectionClosed, ConnectionLost):  # the next connection asks for it
                await self._say({**subscription.request(), "id": number})

    async def drop(self, subscription: Subscription) -> None:
        """Ask for no more of a subscription's events."""
        if self._subscriptions.get(subscription.channel) is subscription:
            del self._subscriptions[subscription.channel]
            if self._open.is_set():
                with suppress(ConnectionClosed, ConnectionLost):
                    await self._say({"type": "unsubscribe", "channel": subscription.channel})

    async def _run(self) -> None:
        """Be connected, again and again."""
        while True:
            try:
                await self._serve_once()
            except (OSError, TimeoutError, ConnectionClosed, ConnectionLost, InvalidHandshake):
                pass  # it is tried again
            except Exception as error:  # noqa: BLE001 - it is for who uses the client
                self._fail(error)
                return
            await asyncio.sleep(self._delays.next())

    async def _serve_once(self) -> None:
        token = await self._token()
        async with await opened(self._url, token, **self._options) as connection:
            renewing = asyncio.create_task(self._renew(token))
            try:
                await self._converse(connection)
            except ConnectionClosed as closed:
                if refused := refusal(closed, renewable=self._tokens.renewable):
                    raise refused from None
            finally:
                renewing.cancel()
                self._lose()

    async def _token(self) -> str | None:
        try:
            return await self._tokens.get()
        except Exception as error:
            if not self._was_open:  # who has never had one is told why
                raise
            _log.exception("The token cannot be renewed just now")
            raise ConnectionLost("There is no token just now.") from error

    async def _converse(self, connection: ClientConnection) -> None:
        async for text in connection:
            message = json.loads(text)
            if message["type"] == "welcome":
                self._connection, self._was_open = connection, True
                self._open.set()
                for subscription in list(self._subscriptions.values()):
                    await self.ask_for(subscription)
            else:
                await self._hear(message)
        closed = connection.protocol.close_exc
        raise closed

    async def _hear(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ack":
                self._delays.succeeded()
                self._calls.answer(message["id"], message["data"])
            case "error":
                await self._hear_problem(message)
            case "subscribed":
                self._delays.succeeded()
                asked = self._subscribing.pop(message["id"], None)
                if asked is not None and self._subscriptions.get(asked.channel) is asked:
                    asked.begin(message)
            case "event" | "gap":
                if subscription := self._subscriptions.get(message["channel"]):
                    subscription.hear(message)
            case "reconnect":
                self._delays.hint(message["after_ms"] / 1000)
            case "degraded" | "restored" if self._on_health is not None:
                self._on_health(message["type"] == "restored")

    async def _hear_problem(self, message: dict[str, Any]) -> None:
        problem, number = ChannelProblem(message["problem"]), message.get("id")
        subscription = self._subscribing.pop(number, None) if number is not None else None
        if subscription is None:
            self._calls.answer(number, problem)
        elif subscription.is_over(problem):
            self._subscriptions.pop(subscription.channel, None)
            subscription.fail(problem)
        else:
            self._soon(self._ask_again(subscription))

    async def _ask_again(self, subscription: Subscription) -> None:
        await asyncio.sleep(_AGAIN)
        await self.ask_for(subscription)

    async def _renew(self, token: str | None) -> None:
        """Renew the token before it expires."""
        while token and self._tokens.renewable and (seconds := renewed_in(token)) is not None:
            await asyncio.sleep(seconds)
            try:
                token = await self._tokens.get()
                await self._say({"type": "authorize", "token": token})
            except (ConnectionClosed, ConnectionLost):
                return
            except Exception:  # noqa: BLE001 - the next connection may have one
                _log.exception("The token cannot be renewed just now")
            await asyncio.sleep(_AGAIN)  # should it get the same one again

    async def _say(self, message: dict[str, Any]) -> None:
        if self._connection is None:
            raise ConnectionLost("There is no connection just now.")
        await self._connection.send(json.dumps(message))

    def _lose(self) -> None:
        """The connection has ended."""
        self._open.clear()
        self._connection = None
        self._subscribing.clear()
        self._calls.lose()

    def _fail(self, failure: Exception) -> None:
        self._failure = failure
        self._open.set()
        for subscription in self._subscriptions.values():
            subscription.fail(failure)

    async def _opened(self) -> None:
        await self._open.wait()
        if self._failure is not None:
            raise self._failure

    def _soon(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def connect(url: str, *, token: TokenSource = None, **options: Any) -> ChannelClient:
    """Make a client of an application's channels, to be entered: `async with` connects it.

    Args:
        url: Where the channels are: `wss://example.com/subscription`.
        token: A token, or what gets one: called for each connection, and before one expires.
        options: Further ones of `ChannelClient`.
    """
    return ChannelClient(url, token=token, **options)
