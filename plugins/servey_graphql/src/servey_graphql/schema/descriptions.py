"""What types and fields are, in the words of docstrings."""

import inspect
from collections.abc import Mapping
from typing import Any

import docstring_parser


def docstring_text(docstring: str) -> str:
    """What a docstring says, without its sections of arguments, attributes and results."""
    parsed = docstring_parser.parse(docstring)
    return "\n\n".join(filter(None, (parsed.short_description, parsed.long_description)))


def class_description(owner: type | None) -> str:
    """What a class's own docstring says; nothing where it has none."""
    return "" if owner is None else docstring_text(_own_docstring(owner))


def field_descriptions(owner: type | None) -> Mapping[str, str]:
    """What a class's docstring says of its fields, and those of its bases of theirs."""
    found: dict[str, str] = {}
    for base in reversed(owner.__mro__ if owner else ()):
        parsed = docstring_parser.parse(_own_docstring(base))
        found |= {one.arg_name: one.description or "" for one in parsed.params}
    return found


def field_description(schema: Mapping[str, Any]) -> str:
    """What a field says of itself: `Field(description=...)`."""
    updates = (schema.get("metadata") or {}).get("pydantic_js_updates") or {}
    return str(updates.get("description", ""))


def _own_docstring(owner: type) -> str:
    text = inspect.cleandoc(vars(owner).get("__doc__") or "")
    is_made_up = text.startswith(f"{owner.__name__}(") or text == "An enumeration."
    return "" if is_made_up or owner.__module__ == "builtins" else text
