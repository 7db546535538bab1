"""An action's examples, as OpenAPI's Example Objects."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from servey_core import BadRequest, Example, InvalidInput, Redirect, Signature
from servey_core.actions import Action
from servey_core.examples import UNSPECIFIED

Examples = dict[str, dict[str, Any]]


def body_examples(action: Action, signature: Signature, names: Iterable[str]) -> Examples:
    """What may be sent: the members of the body in each example."""
    names = set(names)
    found = {}
    for example, params in _with_params(action, signature):
        members = {name: value for name, value in params.items() if name in names}
        found[example.name] = _example(example, members)
    return found


def parameter_examples(action: Action, signature: Signature, name: str) -> Examples:
    """What may be given for one parameter, by the examples that give it."""
    return {
        example.name: _example(example, params[name])
        for example, params in _with_params(action, signature)
        if name in params
    }


def result_examples(action: Action, signature: Signature) -> Examples:
    """What may come back as content, which a redirect is not."""
    found = {}
    for example in _shown(action):
        if example.raises is None and not _without_content(example.result):
            try:
                found[example.name] = _example(example, _result(signature, example.result))
            except PydanticSerializationError:
                continue
    return found


def _without_content(result: object) -> bool:
    return result is UNSPECIFIED or isinstance(result, Redirect)


def _shown(action: Action) -> Iterator[Example]:
    return (example for example in action.examples if example.include_in_schema)


def _with_params(action: Action, signature: Signature) -> Iterator[tuple[Example, dict[str, Any]]]:
    """The examples of what may be sent, which a call that is refused for its input is not."""
    for example in _shown(action):
        if example.raises is not None and issubclass(example.raises, (BadRequest, InvalidInput)):
            continue
        try:
            yield example, json.loads(signature.arguments_to_json(example.params))
        except PydanticSerializationError:
            continue


def _result(signature: Signature, result: object) -> Any:
    """The result as JSON values; an example may give it as these already."""
    try:
        return json.loads(signature.result_to_json(result))
    except PydanticSerializationError:
        return to_jsonable_python(result, by_alias=True)


def _example(example: Example, value: Any) -> dict[str, Any]:
    described = {"summary": example.description} if example.description else {}
    return {**described, "value": value}
