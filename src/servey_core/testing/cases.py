"""What there is to test: each example, on each surface that serves what it is of."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from servey_core.actions import Action
from servey_core.errors import UnknownNameError
from servey_core.examples import UNSPECIFIED, Example
from servey_core.signatures import Signature
from servey_core.surfaces import ChannelSurface, Surface
from servey_core.testing.event_cases import EventCase

if TYPE_CHECKING:
    from servey_core.runtime import Runtime


@dataclass(frozen=True)
class Case:
    """One example of an action, on one surface.

    Attributes:
        action: The action.
        signature: What the action takes and gives.
        example: The example.
        surface: The surface.
    """

    action: Action
    signature: Signature
    example: Example
    surface: Surface

    def __str__(self) -> str:
        return f"{self.subject}[{self.example.name}-{self.surface.name}]"

    @property
    def subject(self) -> str:
        """The name of what the example is of."""
        return self.action.name

    @property
    def place(self) -> str:
        """Where that was declared, as `file:line`."""
        return self.action.place

    @cached_property
    def params(self) -> dict[str, Any]:
        """The arguments as JSON values, which all surfaces start from.

        Raises:
            PydanticSerializationError: One of them has no form in JSON.
        """
        written = self.signature.arguments_to_json(self.example.params)
        return json.loads(written)  # type: ignore[no-any-return]

    @cached_property
    def result(self) -> Any:
        """The result to expect, as JSON values; it may have been given as such.

        None where only success is claimed.

        Raises:
            PydanticSerializationError: It has no form in JSON.
        """
        given = self.example.result
        if given is UNSPECIFIED:
            return None
        try:
            return json.loads(self.signature.result_to_json(given))
        except PydanticSerializationError:
            return to_jsonable_python(given, by_alias=True)


AnyCase = Case | EventCase
"""What an `ExampleRunner` runs."""


def cases_of(runtime: "Runtime", surfaces: Collection[str] = ()) -> Sequence[AnyCase]:
    """Every case of an application, of actions and then of channels, in an order of their own.

    Args:
        runtime: The application.
        surfaces: The only surfaces to test on, by name; empty for all that are installed.

    Raises:
        UnknownNameError: No plugin brings one of `surfaces`.
        PluginError: A plugin's surface cannot be had.
    """
    collect = runtime.plugins.collect_named
    of_actions = collect("servey_surfaces", Surface, runtime=runtime)
    of_channels = collect("servey_channel_surfaces", ChannelSurface, runtime=runtime)
    installed = {*of_actions, *of_channels}
    for name in surfaces:
        if name not in installed:
            raise UnknownNameError("surface", name, installed)
    chosen = set(surfaces) or installed
    asked = [one.record for name, one in of_actions.items() if name in chosen]
    heard = [one.record for name, one in of_channels.items() if name in chosen]
    return [*_cases_of_actions(runtime, asked), *_cases_of_channels(runtime, heard)]


def _cases_of_actions(runtime: "Runtime", surfaces: Sequence[Surface]) -> Iterator[Case]:
    for name, action in runtime.actions.items():
        signature = runtime.invoker(name).signature
        serving = [surface for surface in surfaces if surface.serves(action)]
        for example in action.examples:
            if example.include_in_tests:
                for surface in serving:
                    yield Case(action, signature, example, surface)


def _cases_of_channels(
    runtime: "Runtime", surfaces: Sequence[ChannelSurface]
) -> Iterator[EventCase]:
    for channel in runtime.channels.values():
        serving = [surface for surface in surfaces if surface.serves(channel)]
        for example in channel.event_examples:
            if example.include_in_tests:
                for surface in serving:
                    yield EventCase(channel, example, surface)
