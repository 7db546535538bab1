"""An application with channels, and clients of `graphql-transport-ws` and of event streams."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from serving import Served
from waiting import PATIENCE
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from servey_core import (
    WEB_GET,
    WEB_POST,
    Authorization,
    Conflict,
    ScopeAccessControl,
    WebsocketChannel,
    action,
    websocket_channel,
)

pytest.importorskip("servey_channels")

SUBPROTOCOL = "graphql-transport-ws"


@dataclass(frozen=True)
class Author:
    """Who writes."""

    name: str

    @action
    def shout(self, mark: str = "!") -> str:
        """Their name, loud."""
        if not self.name:
            raise Conflict("They have none.")
        return self.name.upper() + mark


@dataclass(frozen=True)
class Note:
    """An event."""

    text: str
    author: Author
    tags: list[str] = field(default_factory=list)


def _is_owners(note: Note, who: Authorization | None) -> bool:
    if note.text == "fails":
        raise RuntimeError("the filter fails")
    return who is not None and who.subject == note.author.name


big_news = websocket_channel("big_news", Note, description="What happens.")
secret = websocket_channel("secret", Note, access_control=ScopeAccessControl("insider"))
mine = websocket_channel("mine", Note, event_filter=_is_owners)
counts = websocket_channel("counts", int)


@action(triggers=WEB_GET)
def echo(text: str) -> str:
    """Say it again."""
    return text


@action(triggers=WEB_POST)
def change() -> int:
    """Change something."""
    return 1


gate = threading.Event()


@action(triggers=WEB_POST)
def wait() -> bool:
    """Wait at the gate."""
    return gate.wait(PATIENCE)


@action(triggers=WEB_GET)
async def leave(soon: bool = False) -> int:
    """End the process, were it let."""
    if not soon:
        await asyncio.sleep(0)
    sys.exit("an action's own words")


@action(triggers=WEB_GET)
def leave_in_a_thread() -> int:
    """The same."""
    sys.exit("an action's own words")


APPLICATION = (big_news, secret, mine, counts, echo, change, wait, leave, leave_in_a_thread)


@dataclass
class Client:
    """A client, whose connection is open."""

    connection: ClientConnection

    def say(self, kind: str, **members: Any) -> None:
        """Send a message."""
        self.connection.send(json.dumps({"type": kind, **members}))

    def hear(self, kind: str | None = None) -> Any:
        """The next message, which has to be of a type."""
        message = json.loads(self.connection.recv(PATIENCE))
        assert kind in (None, message["type"]), message
        return message

    def open(self, **members: Any) -> "Client":
        """Open the connection of the protocol."""
        self.say("connection_init", **members)
        assert self.hear() == {"type": "connection_ack"}
        return self

    def ask(self, query: str, identity: str = "1", **payload: Any) -> None:
        """Ask for an operation."""
        self.say("subscribe", id=identity, payload={"query": query, **payload})

    def settled(self) -> None:
        """Wait until what was said before has been heard, and subscribed to."""
        self.say("subscribe", id="settled", payload={"query": '{ echo(text: "") }'})
        assert self.hear("next")["id"] == "settled"
        assert self.hear("complete")["id"] == "settled"

    def next(self) -> Any:
        """The next result."""
        return self.hear("next")["payload"]

    def code(self) -> int | None:
        """How it is hung up on."""
        try:
            while True:
                self.connection.recv(PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


class Subscribed(Served):
    """The application, served."""

    def publish(self, channel: WebsocketChannel[Any], *events: Any) -> None:
        """Send events."""
        transport = self.runtime.transport_of(channel)
        for event in events:
            transport.publish(channel, channel.to_json(event))

    @contextmanager
    def connected(self, **options: Any) -> Iterator[Client]:
        """A client of it."""
        given = {"subprotocols": [SUBPROTOCOL], "proxy": None, "compression": None, **options}
        with connect(f"{self.url.replace('http', 'ws')}/graphql", **given) as connection:
            yield Client(connection)
