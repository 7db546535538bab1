"""Validators that stop early: saying what is wrong must not take longer than reading it.

pydantic notes whatever is wrong with each item of a list, once for each member of a union: with a
megabyte of bad items that takes ten seconds, and a gigabyte and a half.
"""

from typing import Any

from pydantic_core import SchemaValidator, core_schema

from servey_core.core_schemas import changed_schema

_COLLECTIONS = frozenset(("dict", "frozenset", "list", "set", "tuple"))


def fail_fast_validator(schema: core_schema.CoreSchema, given: Any) -> Any:
    """The validator of a schema, which tells of each collection only the first thing wrong with it.

    Args:
        schema: The schema.
        given: The validator that there is already, for where the schema has no collection.
    """
    hurried = changed_schema(schema, _hurried)
    return given if hurried == schema else SchemaValidator(hurried, _use_prebuilt=False)


def _hurried(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "fail_fast": True} if schema["type"] in _COLLECTIONS else schema
