"""JSON Schemas of what actions take and give, with names that stay the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import to_jsonable_python

from servey_core import Signature

REFERENCE = "#/components/schemas/{model}"

Schema = dict[str, Any]
_ARGUMENTS: JsonSchemaMode = "validation"
_RESULT: JsonSchemaMode = "serialization"


class Schemas:
    """The schemas of several actions.

    Args:
        signatures: What the actions take and give, by their names.

    Attributes:
        definitions: The schemas that others refer to, by name.
    """

    def __init__(self, signatures: Mapping[str, Signature]) -> None:
        inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
        for name, signature in signatures.items():
            inputs.append((name, _ARGUMENTS, signature.arguments_adapter))
            inputs.append((name, _RESULT, signature.result_adapter))
        self._found, whole = TypeAdapter.json_schemas(
            inputs, ref_template=REFERENCE, schema_generator=_Generator
        )
        self.definitions: dict[str, Schema] = whole.get("$defs", {})
        self._signatures = signatures
        self._arguments = {name: self._own(name) for name in signatures}

    def result(self, action: str) -> Schema:
        """The schema of an action's result."""
        return self._found[action, _RESULT]

    def parameter(self, action: str, name: str) -> Schema:
        """The schema of one parameter, with its default and description."""
        schema: Schema = dict(self._arguments[action]["properties"][name])
        parameter = self._signatures[action].parameters[name]
        if not parameter.required and (default := _as_json(parameter.default)):
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

    def _own(self, action: str) -> Schema:
        """The schema of all arguments, which nothing else refers to."""
        schema: Schema = self._found[action, _ARGUMENTS]
        if "$ref" in schema:
            return self.definitions.pop(schema["$ref"].rpartition("/")[2])
        return schema


class _Generator(GenerateJsonSchema):
    """Leaves out titles that only repeat a name, and says "anything" where it knows no better."""

    ignored_warning_kinds = frozenset(("skipped-choice", "non-serializable-default"))  # type: ignore[assignment]

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the library's
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001 - the library's
        """Say that results have all their fields, those with defaults too."""
        if self.mode != _RESULT or field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        return not (field.get("serialization_exclude") or field.get("serialization_exclude_if"))

    def handle_invalid_for_json_schema(
        self,
        schema: Any,  # noqa: ARG002
        error_info: str,  # noqa: ARG002
    ) -> JsonSchemaValue:
        return {}


def _as_json(value: object) -> tuple[Any] | None:
    """A value as JSON has it, in a tuple of one; None where it has no form in JSON."""
    try:
        return (to_jsonable_python(value, by_alias=True, inf_nan_mode="strings"),)
    except ValueError:
        return None
