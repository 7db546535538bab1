"""Whether a result is None where its type has no None: there pydantic writes `null` nevertheless.

So it does for a float that is not finite, as JSON has none. A text without `null` has neither, so
that few results need be looked through.
"""

from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any

Finds = Callable[[Any], bool]

_LEAVES = frozenset(
    (
        "bool",
        "bytes",
        "date",
        "datetime",
        "decimal",
        "enum",
        "float",
        "int",
        "str",
        "tagged-union",
        "time",
        "timedelta",
        "url",
        "uuid",
    )
)
"""What may not be None, and is not looked into."""

_WRAPPERS = frozenset(
    (
        "dataclass-field",
        "default",
        "function-after",
        "function-before",
        "function-wrap",
        "model-field",
        "typed-dict-field",
    )
)
"""What is written as the schema in it is."""


def null_finder(schema: Any) -> Finds:
    """What tells whether a value, or a part of it, is null in JSON and may not be.

    The value is one that pydantic has written. What has a serialiser of its own may be anything.

    Args:
        schema: The value's core schema.
    """
    return _Finders().of(schema)


class _Finders:
    """Makes finders; of what holds itself, one that looks for itself when it is first needed."""

    def __init__(self) -> None:
        self._referred: dict[str, Any] = {}
        self._known: dict[str, Finds] = {}
        self._makers: dict[str, Callable[[Any], Finds]] = {
            **dict.fromkeys(_LEAVES, lambda _: _is_null),
            **dict.fromkeys(_WRAPPERS, lambda schema: self.of(schema["schema"])),
            **dict.fromkeys(("list", "set", "frozenset"), self._of_items),
            **dict.fromkeys(("model", "dataclass"), self._of_attributes),
            "dict": self._of_values,
            "definitions": self._of_definitions,
            "definition-ref": self._of_reference,
            "literal": lambda schema: _never if None in schema["expected"] else _is_null,
            "nullable": self._of_nullable,
            "tuple": self._of_tuple,
            "typed-dict": self._of_members,
            "union": self._of_union,
        }

    def of(self, schema: Any) -> Finds:
        written_by_itself = "serialization" in schema or "serialization_exclude_if" in schema
        if written_by_itself or schema.get("serialization_exclude"):
            return _never
        return self._makers.get(schema["type"], lambda _: _never)(schema)

    def _of_items(self, schema: Any) -> Finds:
        finds = self._of_part(schema, "items_schema")
        return lambda value: value is None or any(map(finds, value))

    def _of_values(self, schema: Any) -> Finds:
        finds = self._of_part(schema, "values_schema")
        return lambda value: value is None or any(map(finds, value.values()))

    def _of_tuple(self, schema: Any) -> Finds:
        finders = [self.of(one) for one in schema["items_schema"]]
        if "variadic_item_index" in schema:
            finds = finders[0] if len(finders) == 1 else _never
            return lambda value: value is None or any(map(finds, value))
        return lambda value: (
            value is None or any(finds(one) for finds, one in zip(finders, value, strict=False))
        )

    def _of_part(self, schema: Any, name: str) -> Finds:
        return self.of(schema[name]) if name in schema else _never

    def _of_nullable(self, schema: Any) -> Finds:
        finds = self.of(schema["schema"])
        return lambda value: value is not None and finds(value)

    def _of_union(self, schema: Any) -> Finds:
        choices = [one[0] if isinstance(one, tuple) else one for one in schema["choices"]]
        return _is_null if all(self.of(choice)(None) for choice in choices) else _never

    def _of_attributes(self, schema: Any) -> Finds:
        if schema.get("root_model"):
            return _never
        finders = self._of_fields(_inner(schema["schema"]))
        return lambda value: (
            value is None or any(finds(getattr(value, name)) for name, finds in finders.items())
        )

    def _of_members(self, schema: Any) -> Finds:
        finders = self._of_fields(schema)
        return lambda value: (
            value is None
            or any(finds(value[name]) for name, finds in finders.items() if name in value)
        )

    def _of_fields(self, schema: Any) -> Mapping[str, Finds]:
        found = {name: self.of(field) for name, field in _fields(schema)}
        return {name: finds for name, finds in found.items() if finds is not _never}

    def _of_definitions(self, schema: Any) -> Finds:
        self._referred.update((one["ref"], one) for one in schema["definitions"])
        return self.of(schema["schema"])

    def _of_reference(self, schema: Any) -> Finds:
        name, known = schema["schema_ref"], self._known

        def find(value: Any) -> bool:
            if name not in known:
                known[name] = self.of(self._referred[name])
            return known[name](value)

        return find


def _inner(schema: Any) -> Any:
    while schema["type"] in _WRAPPERS and "serialization" not in schema:
        schema = schema["schema"]
    return schema


def _fields(schema: Any) -> Iterator[tuple[str, Any]]:
    fields = () if "serialization" in schema else schema.get("fields", ())
    if isinstance(fields, dict):
        yield from fields.items()
    else:
        yield from ((one["name"], one) for one in fields)


def _is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not isfinite(value))


def _never(value: Any) -> bool:  # noqa: ARG001 - it is the one answer to all
    return False
