"""One operation: an action by one of its web triggers."""

from collections.abc import Mapping, Sequence
from typing import Any

import docstring_parser

from servey_core import Binding, Runtime
from servey_core.actions import Action
from servey_core.triggers import WebTrigger
from servey_rest.openapi.answers import problem_answers
from servey_rest.openapi.bodies import request_body
from servey_rest.openapi.fields import request_fields
from servey_rest.openapi.parameters import parameters_outside_body
from servey_rest.openapi.results import gives_ranges, result_answers
from servey_rest.openapi.schemas import Schemas
from servey_rest.openapi.security import credentials_needed, requirements
from servey_web import BODILESS

UNTAGGED = "actions"
"""What actions without tags are grouped by."""


def operation_ids(bindings: Sequence[Binding]) -> list[str]:
    """An id for each binding: the action's name, for its further triggers with the method."""
    taken = {binding.action.name for binding in bindings}
    begun: set[str] = set()
    ids = []
    for binding in bindings:
        name = binding.action.name
        if name in begun:
            assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller's are
            name = _free(f"{name}_{binding.trigger.method.lower()}", taken)
        begun.add(name)
        taken.add(name)
        ids.append(name)
    return ids


class Operations:
    """Describes operations.

    Args:
        runtime: The application.
        schemas: The schemas of its actions.
        schemes: The security schemes.
    """

    def __init__(self, runtime: Runtime, schemas: Schemas, schemes: dict[str, Any]) -> None:
        self._runtime = runtime
        self._schemas = schemas
        self._schemes = schemes

    def describe(
        self, binding: Binding, operation_id: str, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        """One operation.

        Args:
            binding: The action and its trigger.
            operation_id: The id.
            in_path: The parameters in the path, and what the document calls them.
        """
        action, trigger = binding.action, binding.trigger
        assert isinstance(trigger, WebTrigger)  # noqa: S101 - the caller's are
        signature = self._runtime.invoker(action.name).signature
        described = _head(action, operation_id)
        takes_body = trigger.method not in BODILESS
        given = (action, trigger, signature, in_path, self._schemas)
        if parameters := [*parameters_outside_body(*given), *request_fields(action)]:
            described["parameters"] = parameters
        if takes_body:
            described["requestBody"] = request_body(*given)
        described["responses"] = self._answers(binding, trigger, takes_body=takes_body)
        if security := requirements(action, signature, self._schemes):
            described["security"] = security
        return described

    def _answers(self, binding: Binding, trigger: WebTrigger, *, takes_body: bool) -> Any:
        action = binding.action
        signature = self._runtime.invoker(action.name).signature
        guarded = credentials_needed(action, signature)
        ranges = gives_ranges(signature, trigger)
        problems = problem_answers(action, body=takes_body, guarded=guarded, ranges=ranges)
        return {**result_answers(action, signature, trigger, self._schemas), **problems}


def _head(action: Action, operation_id: str) -> dict[str, Any]:
    text = docstring_parser.parse(action.description)
    head: dict[str, Any] = {"operationId": operation_id}
    head["summary"] = text.short_description or action.name.replace("_", " ").capitalize()
    if text.long_description:
        head["description"] = text.long_description
    head["tags"] = list(action.tags) or [UNTAGGED]
    if action.deprecated:
        head["deprecated"] = True
    return head


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        number, candidate = number + 1, f"{name}_{number}"
    return candidate
