"""What clients say by `graphql-transport-ws`, read strictly; what else they say hangs them up."""

from dataclasses import dataclass
from typing import Any

from servey_core import BadRequest
from servey_core.jsons import parse_json
from servey_graphql.serving.requests import Asked, asked_by

SUBPROTOCOL = "graphql-transport-ws"
"""What clients of the protocol offer."""


@dataclass(frozen=True, slots=True)
class Init:
    """Opens the connection.

    Attributes:
        authorization: The credentials, as an `Authorization` header has them; None without.
    """

    authorization: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks whether the server is there."""


@dataclass(frozen=True, slots=True)
class Pong:
    """Says that the client is there."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Asks for an operation.

    Attributes:
        id: What the client calls it.
        asked: The operation.
    """

    id: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Complete:
    """Asks for no further results.

    Attributes:
        id: Of which operation.
    """

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def read_message(text: str) -> Message:
    """Read what a client says.

    Raises:
        BadRequest: It is no message of the protocol.
    """
    value = parse_json(text.encode("utf-8", "surrogatepass"))
    if not isinstance(value, dict):
        raise BadRequest("A message is an object.")
    kind, payload = value.get("type"), value.get("payload")
    if kind in ("connection_init", "ping", "pong"):
        if not isinstance(payload, dict | None):
            raise BadRequest("A payload is an object.")
        if kind == "connection_init":
            return Init(_credentials(payload or {}))
        return Ping() if kind == "ping" else Pong()
    if kind not in ("subscribe", "complete"):
        raise BadRequest("Clients send no such messages.")
    identity = value.get("id")
    if not isinstance(identity, str) or not identity:
        raise BadRequest("The message needs an id, which is a text.")
    if kind == "complete":
        return Complete(identity)
    return Subscribe(identity, asked_by(payload))


def _credentials(payload: dict[str, Any]) -> str | None:
    for name, value in payload.items():
        if name.lower() == "authorization":
            if not isinstance(value, str):
                raise BadRequest("Authorization is a text.")
            return value
    return None
