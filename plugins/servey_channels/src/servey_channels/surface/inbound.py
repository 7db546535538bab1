"""How tests call actions that receive what clients send: by a websocket, without a network."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from servey_channels.app import ChannelsApp
from servey_channels.inbound import SURFACE
from servey_core import Action, Authorization, Caller, ChannelTrigger, Reply, Runtime, Surface
from servey_web import credentials_of

if TYPE_CHECKING:
    from starlette.types import Message

_SECONDS = 60.0
"""How long an answer is waited for; an action's own time limit comes before."""


def channel_surface(runtime: Runtime) -> Surface:
    """The surface `channel`, which actions with a `ChannelTrigger` have.

    Args:
        runtime: The application.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[Caller]:
        app = ChannelsApp(runtime)
        async with app.lifespan():
            yield _Caller(runtime, app)

    return Surface(SURFACE, serves=lambda action: bool(_triggers(action)), open=opened)


class _Caller:
    def __init__(self, runtime: Runtime, app: ChannelsApp) -> None:
        self._runtime = runtime
        self._app = app

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        headers = credentials_of(self._runtime, authorization)
        async with _conversing(self._app, headers) as conversation:
            trigger = _triggers(action)[0]
            sent = {"type": "send", "channel": trigger.channel, "id": 1, "data": params}
            await conversation.say(sent)
            answer = await conversation.hear()
        if answer["type"] == "error":
            return Reply(problem=answer["problem"])
        return Reply(answer["data"])


class _Conversation:
    """The client's end of one websocket, as ASGI has it."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Message] = asyncio.Queue()
        self.heard: asyncio.Queue[Message] = asyncio.Queue()

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        await self.said.put({"type": "websocket.receive", "text": json.dumps(message)})

    async def hear(self) -> dict[str, Any]:
        """The answer to it; the rest is not of interest."""
        async with asyncio.timeout(_SECONDS):
            while True:
                message = await self.heard.get()
                if message["type"] == "websocket.close":
                    raise ConnectionError(f"It was hung up: {message}")
                if message["type"] == "websocket.send":
                    found: dict[str, Any] = json.loads(message["text"])
                    if found["type"] in ("ack", "error"):
                        return found


@asynccontextmanager
async def _conversing(
    app: ChannelsApp, headers: list[tuple[bytes, bytes]]
) -> AsyncIterator[_Conversation]:
    conversation = _Conversation()
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "path": "",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
    }
    serving = asyncio.ensure_future(app(scope, conversation.said.get, conversation.heard.put))
    await conversation.said.put({"type": "websocket.connect"})
    try:
        yield conversation
    finally:
        await conversation.said.put({"type": "websocket.disconnect", "code": 1000})
        await serving


def _triggers(action: Action) -> list[ChannelTrigger]:
    return [one for one in action.triggers if isinstance(one, ChannelTrigger)]
