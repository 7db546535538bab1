"""JSON Schemas of what actions take and give, with names that stay the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from pydantic_core import core_schema, to_jsonable_python

from servey_core import Signature
from servey_rest.openapi.alike import types_in
from servey_rest.openapi.generator import COMING_OUT, GOING_IN, Core, Generator, Schema
from servey_rest.openapi.names import schema_names
from servey_rest.openapi.sending import sending

_Key = tuple[str, str]
_RESULT = ""


class Schemas:
    """The schemas of several actions.

    Args:
        signatures: What the actions take and give, by their names.
        reserved: Names that no type may have.

    Attributes:
        definitions: The schemas that others refer to, by name.
    """

    def __init__(self, signatures: Mapping[str, Signature], reserved: Iterable[str] = ()) -> None:
        self._signatures = signatures
        inputs = [one for name, given in signatures.items() for one in _inputs(name, given)]
        # What comes in may differ by where it stands, so it is looked at first.
        inputs.sort(key=lambda one: one[1] == COMING_OUT)
        names = schema_names(types_in(core for _, _, core in inputs), reserved)
        generator = Generator(lambda *ref: names[ref])
        # Of a type that looks the same both ways, the schema that is made last stays.
        self._found, definitions = generator.generate_definitions(inputs[::-1])
        reached = generator.get_json_ref_counts({"anyOf": list(self._found.values())})
        used = {generator.json_to_defs_refs[one] for one in reached}
        self.definitions: dict[str, Schema] = {name: definitions[name] for name in sorted(used)}

    def result(self, action: str) -> Schema:
        """The schema of what leaves as JSON: an action's result, or an item of its stream."""
        return self._found[(action, _RESULT), COMING_OUT]

    def parameter(self, action: str, name: str) -> Schema:
        """The schema of one parameter, with its default and description."""
        schema: Schema = dict(self._found[(action, name), GOING_IN])
        parameter = self._signatures[action].parameters[name]
        if not parameter.required and (default := _as_json(parameter.written(parameter.default))):
            schema["default"] = default[0]
        return schema

    def body(self, action: str, names: Iterable[str]) -> Schema:
        """The schema of the object that some of the parameters are the members of."""
        parameters = self._signatures[action].parameters
        names = list(names)
        schema: Schema = {
            "type": "object",
            "properties": {name: self.parameter(action, name) for name in names},
            "additionalProperties": False,
        }
        if required := [name for name in names if parameters[name].required]:
            schema["required"] = required
        return schema


def _inputs(action: str, signature: Signature) -> Iterator[tuple[_Key, JsonSchemaMode, Core]]:
    """What schemas are made of: the parameters one by one, and the result."""
    arguments: Core = signature.arguments_adapter.core_schema
    definitions: list[Core] = []
    if arguments["type"] == "definitions":
        arguments, definitions = arguments["schema"], arguments["definitions"]
    for name, field in arguments["fields"].items():
        yield (action, name), GOING_IN, core_schema.definitions_schema(field, definitions)
    leaving = sending(signature.returned).json
    if leaving is signature.returned.annotation:
        yield (action, _RESULT), COMING_OUT, signature.result_adapter.core_schema
    elif leaving is not None:
        yield (action, _RESULT), COMING_OUT, TypeAdapter(leaving).core_schema


def _as_json(value: object) -> tuple[Any] | None:
    """A value as JSON has it, in a tuple of one; None where it has no form in JSON."""
    try:
        return (to_jsonable_python(value, by_alias=True, inf_nan_mode="strings"),)
    except ValueError:
        return None
