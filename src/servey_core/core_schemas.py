"""Core schemas of pydantic, looked through and changed part by part.

Where a dict stands for no schema but holds several by their names (fields, choices), a name may be
any word, `type` and `default` among them. A schema's own `type` is a text, by which it is known.
"""

from collections.abc import Callable, Iterator
from typing import Any

_NO_SCHEMAS = frozenset(
    (
        "cls",
        "config",
        "custom_error_context",
        "default",
        "expected",
        "members",
        "metadata",
        "ref",
        "schema_ref",
    )
)
"""What a schema holds that is no schema, whatever it looks like."""


def changed_schema(
    schema: Any,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    stays: Callable[[dict[str, Any]], bool] = lambda _: False,
) -> Any:
    """The same schema, each part of it as `change` makes it, the inner parts first.

    Args:
        schema: The schema; it is left as it is.
        change: Given a part, gives what stands in its place.
        stays: Whether a part, and what is in it, stays as it is.
    """
    if isinstance(schema, list):
        return [changed_schema(part, change, stays) for part in schema]
    if isinstance(schema, tuple):
        return tuple(changed_schema(part, change, stays) for part in schema)
    if not isinstance(schema, dict) or (_is_schema(schema) and stays(schema)):
        return schema
    held = {key: changed_schema(part, change, stays) for key, part in _held(schema)}
    return change({**schema, **held}) if _is_schema(schema) else held


def schema_parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema, itself first."""
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from schema_parts(part)
    elif isinstance(schema, dict):
        if _is_schema(schema):
            yield schema
        for _, part in _held(schema):
            yield from schema_parts(part)


def _held(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    is_schema = _is_schema(schema)
    return ((key, part) for key, part in schema.items() if not (is_schema and key in _NO_SCHEMAS))


def _is_schema(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("type"), str)
