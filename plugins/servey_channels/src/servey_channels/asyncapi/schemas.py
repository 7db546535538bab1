"""JSON Schemas of events, and of what the actions behind inbound channels take and give."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from servey_channels.asyncapi.draft_7 import as_draft_7
from servey_core import Channel, Invoker
from servey_core.json_schemas import (
    COMING_OUT,
    GOING_IN,
    Schema,
    SchemaInput,
    arguments_schema,
    make_schemas,
    parameter_schema,
    parameters_of,
)
from servey_core.signatures import Signature

_Key = tuple[str, str, str]
_EVENT, _DATA, _RESULT = "event", "data", "result"


class Schemas:
    """The schemas of an application's channels.

    Args:
        channels: The channels that have events.
        inbound: What runs for what clients send, by the names of channels.
        reserved: Names that no type may have.

    Attributes:
        definitions: The schemas that others refer to, by name.
    """

    def __init__(
        self,
        channels: Iterable[Channel[Any]],
        inbound: Mapping[str, Invoker],
        reserved: Iterable[str] = (),
    ) -> None:
        self._inbound = inbound
        found, definitions = make_schemas(_inputs(channels, inbound), reserved)
        self._found = {key: one for (key, _), one in found.items()}
        self.definitions: dict[str, Schema] = {}
        for name, schema in definitions.items():
            self.definitions[name] = as_draft_7(schema)

    def event(self, channel: str) -> Schema:
        """The schema of a channel's events."""
        schema: Schema = as_draft_7(self._found[_EVENT, channel, ""])
        return schema

    def data(self, channel: str) -> Schema:
        """The schema of what may be sent to a channel: an object, an action's arguments."""
        parameters = self._inbound[channel].signature.parameters
        schemas = {
            name: parameter_schema(one, self._found[_DATA, channel, name])
            for name, one in parameters.items()
        }
        schema: Schema = as_draft_7(arguments_schema(parameters, schemas))
        return schema

    def result(self, channel: str) -> Schema:
        """The schema of what a channel's action gives."""
        schema: Schema = as_draft_7(self._found[_RESULT, channel, ""])
        return schema


def needs_data(signature: Signature) -> bool:
    """Whether there are arguments that must be given."""
    return any(one.required for one in signature.parameters.values())


def _inputs(
    channels: Iterable[Channel[Any]], inbound: Mapping[str, Invoker]
) -> Iterator[SchemaInput[_Key]]:
    for channel in channels:
        yield (_EVENT, channel.name, ""), COMING_OUT, channel.adapter.core_schema
    for name, invoker in inbound.items():
        signature = invoker.signature
        for parameter, core in parameters_of(signature):
            yield (_DATA, name, parameter), GOING_IN, core
        yield (_RESULT, name, ""), COMING_OUT, signature.result_adapter.core_schema
