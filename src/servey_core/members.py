"""How many members a JSON text must have had, told from the arguments that were read of it.

pydantic takes the last of two members of one name, and does not say that there were two. Parsing
the text once more would find them, at more than the cost of the first time. But a text with no more
colons than members that are accounted for has no room for a second of any name.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, PydanticUserError, TypeAdapter

Count = Callable[[Any], int]


def member_counts(annotations: Mapping[str, Any]) -> dict[str, Count]:
    """What counts the members of each argument that holds an object; never too many.

    Args:
        annotations: The arguments' types.
    """
    counts = {name: _count(annotation) for name, annotation in annotations.items()}
    return {name: count for name, count in counts.items() if count}


def _count(annotation: Any) -> Count | None:
    if not isinstance(annotation, type) or not (
        issubclass(annotation, BaseModel) or dataclasses.is_dataclass(annotation)
    ):
        return None
    try:
        schema: Any = TypeAdapter(annotation).core_schema
    except PydanticUserError:
        return None
    fields = _fields(schema)
    if schema["type"] == "model":
        return _count_given if fields and not schema.get("post_init") else None
    # A dataclass does not say which fields were given; where none may be left out, all were.
    if not fields or any(field["schema"]["type"] == "default" for field in fields.values()):
        return None
    number = len(fields)
    return lambda _: number


def _count_given(model: Any) -> int:
    return len(model.__pydantic_fields_set__)


def _fields(schema: Any) -> dict[str, Any]:
    """The fields of a class, where each stands for a member of its own; else none."""
    inner = schema.get("schema", {})
    if schema.get("custom_init") or inner.get("type") not in ("model-fields", "dataclass-args"):
        return {}
    fields = inner["fields"]
    named = fields if isinstance(fields, dict) else {one["name"]: one for one in fields}
    return named if _read_from_members_of_their_own(named) else {}


def _read_from_members_of_their_own(fields: Mapping[str, Any]) -> bool:
    """Whether no two fields may be read from one member, as by paths into it."""
    names: list[str] = []
    for name, field in fields.items():
        alias = field.get("validation_alias", name)
        if not isinstance(alias, str):
            return False
        names += {name, alias}
    return len(names) == len(set(names))
