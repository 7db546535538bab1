"""What clients say, read strictly: JSON objects with a `type`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from servey_core import BadRequest, InvalidInput, Position
from servey_core.jsons import parse_json
from servey_core.refusals import invalid_input

_Id = str | int | None


class _Message(BaseModel):
    """What every message may have: an id, which its answer carries."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: _Id = None


class Since(BaseModel):
    """Where a client was in a channel."""

    model_config = ConfigDict(extra="forbid", strict=True)

    epoch: str = Field(max_length=64)
    offset: int = Field(ge=0, lt=2**63)

    @property
    def position(self) -> Position:
        """The same, as logs have it."""
        return Position(self.epoch, self.offset)


class Subscribe(_Message):
    """Ask for a channel's events, and those since a position."""

    type: Literal["subscribe"]
    channel: str
    since: Since | None = None


class Unsubscribe(_Message):
    """Ask for no more of them."""

    type: Literal["unsubscribe"]
    channel: str


class SendMessage(_Message):
    """Send something to a channel, for an action with a `ChannelTrigger`."""

    type: Literal["send"]
    channel: str
    data: JsonValue = None


class Authorize(_Message):
    """Say who one is, or renew a token."""

    type: Literal["authorize"]
    token: str = Field(max_length=8192)


class Ping(_Message):
    """Ask whether the server is there."""

    type: Literal["ping"]


ClientMessage = Subscribe | Unsubscribe | SendMessage | Authorize | Ping

_adapter: TypeAdapter[ClientMessage] = TypeAdapter(
    Annotated[ClientMessage, Field(discriminator="type")]
)


class UnreadableMessage(Exception):  # noqa: N818 - what it is
    """What a client said is no message.

    Attributes:
        error: What is wrong.
        id: The message's id, where that can be read.
    """

    def __init__(self, error: BadRequest | InvalidInput, number: _Id = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.id = number


def read_message(text: bytes) -> ClientMessage:
    """Read what a client says.

    Raises:
        UnreadableMessage: It is none; what is wrong, and its id where it has one.
    """
    try:
        value = parse_json(text)
    except BadRequest as error:
        raise UnreadableMessage(error) from None
    try:
        return _adapter.validate_python(value)
    except ValidationError as error:
        found = value.get("id") if isinstance(value, dict) else None
        number = found if isinstance(found, str | int) else None
        raise UnreadableMessage(invalid_input(error, value), number) from None
