"""JSON Schemas of pydantic's making, put right where they would say too little or too much."""

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import CoreModeRef, DefsRef, GenerateJsonSchema, JsonSchemaMode
from pydantic_core import core_schema

from servey_core.integers import has_64_bits

REFERENCE = "#/components/schemas/{model}"
GOING_IN: JsonSchemaMode = "validation"
COMING_OUT: JsonSchemaMode = "serialization"

Schema = dict[str, Any]
Core = Any
"""One of pydantic's core schemas."""

_BASE64 = "^([A-Za-z0-9+/_-]{4})*([A-Za-z0-9+/_-]{2}==|[A-Za-z0-9+/_-]{3}=)?$"
_LENGTHS = ("maxLength", "minLength")
_DECIMAL = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
_TIME = (
    "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
    "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
)
_DAYS = (
    "([0-9]{1,6}Y([0-9]{1,6}M)?([0-9]{1,6}D)?|[0-9]{1,6}M([0-9]{1,6}D)?|[0-9]{1,6}W|[0-9]{1,9}D)"
)
_SECONDS = "[0-9]{1,9}([.][0-9]{1,6})?S"
_HOURS = f"T([0-9]{{1,6}}H([0-9]{{1,6}}M)?({_SECONDS})?|[0-9]{{1,6}}M({_SECONDS})?|{_SECONDS})"
_DURATION = f"^[+-]?P({_DAYS}({_HOURS})?|{_HOURS})$"
"""A `duration` of JSON Schema (RFC 3339, appendix A) has neither fractions nor a sign."""


class Generator(GenerateJsonSchema):
    """Makes schemas; one generator makes one set of them.

    Args:
        name_of: The name of a type's schema, by pydantic's reference to the type, and the mode.
        widths: Whether it is told of integers that come in how large they may be.
    """

    ignored_warning_kinds = frozenset(("skipped-choice", "non-serializable-default"))  # type: ignore[assignment]

    def __init__(
        self, name_of: Callable[[str, JsonSchemaMode], str], *, widths: bool = True
    ) -> None:
        super().__init__(ref_template=REFERENCE)
        self._name_of = name_of
        self._widths = widths

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        """Call a type what it is called; pydantic would choose among several names."""
        name = DefsRef(self._name_of(*core_mode_ref))
        self._prioritized_defsref_choices[name] = [name]
        return name

    def field_title_should_be_set(self, schema: Core) -> bool:  # noqa: ARG002 - the library's
        """Leave out titles that only repeat a name."""
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001 - the library's
        """Say that results have all their fields, those with defaults too."""
        if self.mode == GOING_IN or field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        return not (field.get("serialization_exclude") or field.get("serialization_exclude_if"))

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> Schema:
        """A dataclass; see `_open`."""
        described: Schema = super().dataclass_schema(schema)
        if schema.get("config", {}).get("extra_fields_behavior") == "forbid":
            described["additionalProperties"] = False  # before 2.14, pydantic does not say so
        return self._open(described)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> Schema:
        """A typed dictionary; see `_open`."""
        return self._open(super().typed_dict_schema(schema))

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> Schema:
        """Say that the tag is needed, even where it has a default for who makes the object."""
        union: Schema = super().tagged_union_schema(schema)
        if tag := union.get("discriminator", {}).get("propertyName"):
            union["oneOf"] = [{**choice, "required": [tag]} for choice in union["oneOf"]]
        return union

    def time_schema(self, schema: core_schema.TimeSchema) -> Schema:
        """A time of day; to JSON Schema a `time` has a zone, which few of Python's have."""
        described: Schema = super().time_schema(schema)
        if described.get("format") == "time" and schema.get("tz_constraint") != "aware":
            return {"type": "string", "pattern": _TIME}
        return described

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> Schema:
        """A duration, as it is written; see `_DURATION`."""
        described: Schema = super().timedelta_schema(schema)
        if described.get("format") == "duration":
            return {"type": "string", "pattern": _DURATION}
        return described

    def int_schema(self, schema: core_schema.IntSchema) -> Schema:
        """An integer, which has no more than 64 bits where it comes in."""
        described: Schema = super().int_schema(schema)
        if self._widths and self.mode == GOING_IN and has_64_bits({**schema}):
            described["format"] = "int64"
        return described

    def bytes_schema(self, schema: core_schema.BytesSchema) -> Schema:
        """Bytes, which in JSON are text (JSON Schema, Validation, section 8.3)."""
        described: Schema = super().bytes_schema(schema)
        del described["format"]
        encoding = self._encoding_of_bytes()
        if encoding == "base64":
            lengths = {name: 4 * -(-described[name] // 3) for name in _LENGTHS if name in described}
            described |= {**lengths, "pattern": _BASE64}
        return {**described, **({"contentEncoding": encoding} if encoding else {})}

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> Schema:
        """What a function makes of bytes; one that writes them itself says nothing of how."""
        if schema["schema"]["type"] == "bytes" and "serialization" in schema:
            return {"type": "string"}
        described: Schema = super().function_after_schema(schema)
        return described

    def _encoding_of_bytes(self) -> str | None:
        said = self._config.config_dict
        if not ("val_json_bytes" in said or "ser_json_bytes" in said):
            return "base64"
        own = said.get("val_json_bytes" if self.mode == GOING_IN else "ser_json_bytes")
        return {"base64": "base64url", "hex": "base16"}.get(str(own))

    def get_decimal_pattern(self, schema: core_schema.DecimalSchema) -> str:
        """Say how the text of a decimal looks, without exponents that few numbers can have."""
        if self.mode == COMING_OUT or "max_digits" in schema or "decimal_places" in schema:
            return self.build_decimal_pattern(schema)
        return _DECIMAL

    def handle_invalid_for_json_schema(self, schema: Core, error_info: str) -> Schema:  # noqa: ARG002
        """Say "anything" of what has no schema."""
        return {}

    def _open(self, schema: Schema) -> Schema:
        """Leave it to later versions to add members to a result; what comes in must fit."""
        if self.mode == COMING_OUT and schema.get("additionalProperties") is False:
            del schema["additionalProperties"]
        return schema
