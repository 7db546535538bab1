"""Answers who asks for a channel as server-sent events (HTML Living Standard, section 9.2)."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.types import Receive, Scope, Send

from servey_channels.hub.hub import Hub
from servey_channels.hub.messages import subscribed_message
from servey_channels.hub.subscriptions import AnyChannel
from servey_channels.sockets.admission import Admission
from servey_channels.streams.listener import Listener
from servey_core import (
    Authorizer,
    BadRequest,
    MethodNotAllowed,
    Position,
    Unavailable,
)
from servey_core.access import authorise
from servey_web import authorization_of, headers_of, send_event_stream

_RETRY_SECONDS = 3
_RETRY = b"retry: %d\n\n" % (_RETRY_SECONDS * 1000)


class EventStreams:
    """Serves channels as server-sent events.

    Args:
        hub: Gives clients their events.
        authorizer: What reads their tokens.
        admission: Counts them, and those of websockets.
        limit: How many bytes may wait for a client.
    """

    def __init__(self, hub: Hub, authorizer: Authorizer, admission: Admission, limit: int) -> None:
        self._hub = hub
        self._admission = admission
        self._authorizer = authorizer
        self._limit = limit

    async def serve(self, channel: AnyChannel, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client until it goes, or the server does.

        A client that was too slow is hung up on; it comes back with `Last-Event-ID`, and gets what
        it has missed.

        Raises:
            ProblemError: It may not, or asks for something else.
        """
        if scope["method"] != "GET":
            raise MethodNotAllowed("A channel is read by GET.", headers={"Allow": "GET"})
        authorization = authorization_of(scope, self._authorizer)
        authorise(channel.access_control, authorization)
        since = _since(scope)
        guest = self._admission.admit(scope, authorization)
        if guest is None:
            raise Unavailable("There are too many connections.", retry_after=_RETRY_SECONDS)
        listener = Listener(authorization, self._limit)
        subscribing = asyncio.ensure_future(self._subscribe(listener, channel, since))
        try:
            await listener.subscribed(subscribing)
            await send_event_stream(_chunks(listener), authorization, scope, receive, send)
        finally:
            subscribing.cancel()
            await asyncio.wait({subscribing})
            self._hub.unsubscribe(listener, channel)
            self._admission.leave(guest)
            if not subscribing.cancelled():
                subscribing.exception()  # it was raised, or has ended the stream

    async def _subscribe(
        self, listener: Listener, channel: AnyChannel, since: Position | None
    ) -> None:
        def announce(place: Position, recovered: bool) -> None:  # noqa: FBT001 - as hubs do
            batch = subscribed_message(channel.name, place, recovered)
            if since is not None and recovered:
                batch.messages[0].id = b""  # what was missed follows: it is not that far yet
            listener.deliver(batch)

        try:
            await self._hub.subscribe(listener, channel, since, announce)
        except Unavailable:
            listener.give_up()
            raise


async def _chunks(listener: Listener) -> AsyncGenerator[bytes]:
    """What a client is sent, until it is given up."""
    yield _RETRY
    while not listener.overrun:
        yield await listener.take()


def _since(scope: Scope) -> Position | None:
    """Where the client was, by `Last-Event-ID`."""
    text = headers_of(scope).get(b"last-event-id", b"").decode("latin-1")
    if not text:
        return None
    epoch, colon, number = text.rpartition(":")
    if not (colon and number.isascii() and number.isdigit() and len(number) < 19):  # noqa: PLR2004
        raise BadRequest("Last-Event-ID is none that this channel has given.")
    return Position(epoch, int(number))
