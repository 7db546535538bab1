"""The schemas of an action's arguments, one by one and as the members of an object."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema, to_jsonable_python

from servey_core.json_schemas.generator import Core, Schema

if TYPE_CHECKING:
    from servey_core.signatures import Parameter, Signature


def parameters_of(signature: "Signature") -> Iterator[tuple[str, Core]]:
    """What the schema of each parameter is made of, by its name."""
    arguments: Core = signature.arguments_adapter.core_schema
    definitions: list[Core] = []
    if arguments["type"] == "definitions":
        arguments, definitions = arguments["schema"], arguments["definitions"]
    for name, field in arguments["fields"].items():
        yield name, core_schema.definitions_schema(field, definitions)


def parameter_schema(parameter: "Parameter", schema: Schema) -> Schema:
    """The schema of one parameter, with its default.

    Args:
        parameter: The parameter.
        schema: The schema that was made of it.
    """
    described = dict(schema)
    if not parameter.required and (default := _as_json(parameter.written(parameter.default))):
        described["default"] = default[0]
    return described


def arguments_schema(
    parameters: "Mapping[str, Parameter]", schemas: Mapping[str, Schema]
) -> Schema:
    """The schema of the object that some of an action's parameters are the members of.

    Args:
        parameters: The action's parameters.
        schemas: The schemas of those that are members, with defaults.
    """
    schema: Schema = {
        "type": "object",
        "properties": {**schemas},
        "additionalProperties": False,
    }
    if required := [name for name in schemas if parameters[name].required]:
        schema["required"] = required
    return schema


def _as_json(value: object) -> tuple[Any] | None:
    """A value as JSON has it, in a tuple of one; None where it has no form in JSON."""
    try:
        return (to_jsonable_python(value, by_alias=True, inf_nan_mode="strings"),)
    except ValueError:
        return None
