"""One operation: an action by one of its web triggers."""

from collections.abc import Mapping, Sequence
from typing import Any

import docstring_parser

from servey_core import Binding, Runtime
from servey_core.actions import Action
from servey_core.triggers import WebTrigger
from servey_rest.openapi.answers import cache_headers, not_modified, problem_answers
from servey_rest.openapi.examples import result_examples
from servey_rest.openapi.parameters import (
    JSON,
    path_parameter,
    query_parameter,
    request_body,
)
from servey_rest.openapi.schemas import Schemas
from servey_rest.openapi.security import credentials_needed, requirements
from servey_rest.readers import BODILESS

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
        problem: What the schema of problems is called.
    """

    def __init__(
        self, runtime: Runtime, schemas: Schemas, schemes: dict[str, Any], problem: str
    ) -> None:
        self._runtime = runtime
        self._schemas = schemas
        self._schemes = schemes
        self._problem = problem

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
        parameters = [
            path_parameter(action, signature, name, self._schemas, called)
            for name, called in in_path.items()
        ]
        in_query = [] if takes_body else [one for one in signature.parameters if one not in in_path]
        parameters += [query_parameter(action, signature, n, self._schemas) for n in in_query]
        if parameters:
            described["parameters"] = parameters
        if takes_body:
            described["requestBody"] = request_body(action, signature, in_path, self._schemas)
        described["responses"] = self._answers(binding, trigger, takes_body=takes_body)
        if security := requirements(action, signature, self._schemes):
            described["security"] = security
        return described

    def _answers(self, binding: Binding, trigger: WebTrigger, *, takes_body: bool) -> Any:
        action = binding.action
        signature = self._runtime.invoker(action.name).signature
        content: dict[str, Any] = {"schema": self._schemas.result(action.name)}
        if examples := result_examples(action, signature):
            content["examples"] = examples
        result = {"description": _returns(action), "content": {JSON: content}}
        answers: dict[str, Any] = {"200": result}
        if trigger.safe and action.cache_control is not None:
            result["headers"] = cache_headers()
            answers["304"] = not_modified()
        guarded = credentials_needed(action, signature)
        problems = problem_answers(action, self._problem, body=takes_body, guarded=guarded)
        return {**answers, **problems}


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


def _returns(action: Action) -> str:
    returns = docstring_parser.parse(action.description).returns
    return (returns.description if returns else None) or "The result."


def _free(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        number, candidate = number + 1, f"{name}_{number}"
    return candidate
