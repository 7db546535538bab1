"""What there is to test: each example of each action, on each surface that serves the action."""

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
from servey_core.surfaces import Surface

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
        return f"{self.action.name}[{self.example.name}-{self.surface.name}]"

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


def cases_of(runtime: "Runtime", surfaces: Collection[str] = ()) -> Sequence[Case]:
    """Every case of an application; the order is always the same.

    Args:
        runtime: The application.
        surfaces: The only surfaces to test on, by name; empty for all that are installed.

    Raises:
        UnknownNameError: No plugin brings one of `surfaces`.
        PluginError: A plugin's surface cannot be had.
    """
    chosen = _surfaces(runtime, surfaces)
    return [case for name in runtime.actions for case in _cases_of(runtime, name, chosen)]


def _surfaces(runtime: "Runtime", names: Collection[str]) -> list[Surface]:
    installed = runtime.plugins.collect_named("servey_surfaces", Surface, runtime=runtime)
    for name in names:
        if name not in installed:
            raise UnknownNameError("surface", name, installed)
    return [one.record for name, one in installed.items() if name in names or not names]


def _cases_of(runtime: "Runtime", name: str, surfaces: Sequence[Surface]) -> Iterator[Case]:
    action, signature = runtime.actions[name], runtime.invoker(name).signature
    serving = [surface for surface in surfaces if surface.serves(action)]
    for example in action.examples:
        if example.include_in_tests:
            for surface in serving:
                yield Case(action, signature, example, surface)
