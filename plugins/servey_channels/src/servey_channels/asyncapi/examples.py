"""Examples of what goes over the wire, as JSON values."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from servey_core import BadRequest, Channel, Example, InvalidInput, Invoker
from servey_core.examples import UNSPECIFIED


def event_examples(channel: Channel[Any]) -> Iterator[tuple[str, Any]]:
    """The events that a channel's declaration shows, each with its name."""
    for example in channel.event_examples:
        if example.include_in_schema:
            yield f"{channel.name} {example.name}", json.loads(channel.to_json(example.event))


def data_examples(invoker: Invoker) -> Iterator[tuple[Example, Any]]:
    """The examples of what may be sent, which what is refused for its input is not."""
    for example in _shown(invoker):
        if example.raises is not None and issubclass(example.raises, (BadRequest, InvalidInput)):
            continue
        try:
            yield example, json.loads(invoker.signature.arguments_to_json(example.params))
        except PydanticSerializationError:
            continue


def result_examples(invoker: Invoker) -> Iterator[tuple[Example, Any]]:
    """The examples of what comes of it, where it succeeds."""
    for example in _shown(invoker):
        if example.raises is None and example.result is not UNSPECIFIED:
            try:
                yield example, json.loads(invoker.signature.result_to_json(example.result))
            except PydanticSerializationError:
                yield example, to_jsonable_python(example.result, by_alias=True)


def _shown(invoker: Invoker) -> Iterator[Example]:
    return (example for example in invoker.action.examples if example.include_in_schema)
