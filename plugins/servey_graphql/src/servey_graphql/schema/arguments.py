"""Arguments as graphql-core coerces them, read by the action's own signature.

They are written as the JSON object that they stand for, and that is read as on every surface: with
the same strictness and the same messages, into the user's own classes. Files stay what they are.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic_core import to_json

from servey_core import Action, Signature
from servey_graphql.schema.core_parts import holds_file

Given: TypeAlias = tuple[Any, dict[str, Any]]
"""A parent, and the arguments by their JSON names."""

ReadGiven: TypeAlias = Callable[[Given], dict[str, Any]]


def taken_by(action: Action, signature: Signature) -> Signature:
    """The signature with those parameters alone that callers of the field give."""
    if action.owner is None:
        return signature
    return signature.only(list(signature.parameters)[1:])


def reader(action: Action, signature: Signature) -> ReadGiven:
    """Make what reads the arguments of a call.

    Args:
        action: The action; a method is given the parent as its first argument.
        signature: Its signature.
    """
    taken = taken_by(action, signature)
    read = argument_reader(taken)
    if action.owner is None:
        return lambda given: read(given[1])
    itself = next(iter(signature.parameters))
    if not taken.parameters:
        return lambda given: {itself: given[0]}

    def read_all(given: Given) -> dict[str, Any]:
        arguments = read(given[1])
        arguments[itself] = given[0]
        return arguments

    return read_all


def argument_reader(signature: Signature) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Make what reads arguments that are by their JSON names.

    Args:
        signature: What reads them.
    """
    if not signature.parameters:
        return lambda _: {}
    files = {name for name, one in signature.parameters.items() if holds_file(one.annotation)}
    if files:
        return _reader_of_files(signature, files)
    from_json = signature.from_json
    none_needed = not any(one.required for one in signature.parameters.values())
    if none_needed:
        return lambda arguments: from_json(to_json(arguments)) if arguments else {}
    return lambda arguments: from_json(to_json(arguments))


def _reader_of_files(
    signature: Signature, files: set[str]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    of_files = signature.only(files)
    others = argument_reader(signature.only(signature.parameters.keys() - files))

    def read(arguments: dict[str, Any]) -> dict[str, Any]:
        uploads = {name: value for name, value in arguments.items() if name in files}
        rest = {name: value for name, value in arguments.items() if name not in files}
        return {**others(rest), **of_files.from_python(uploads)}

    return read
