"""The scalars beyond GraphQL's own: what is written for a value, and what may stand for one.

On the way in a scalar looks at the kind of JSON alone and keeps it: reading and checking is the
action's signature's, which does it as it does everywhere. On the way out a value is written as it
is in JSON on every surface.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ariadne.types import SchemaBindable
from graphql import (
    EnumValueNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    value_from_ast_untyped,
)
from pydantic_core import SchemaSerializer, core_schema

from servey_core import File
from servey_core.base64s import to_base64

Coerce = Callable[[Any], Any]


@dataclass(frozen=True)
class Scalar(SchemaBindable):
    """A scalar of this plugin's.

    Attributes:
        name: Its name.
        description: What it is, for documents.
        kinds: What Python has for the kinds of JSON that may stand for it.
        write: Writes a value; raises where it is not of the type.
        url: Where it is specified.
    """

    name: str
    description: str
    kinds: tuple[type, ...]
    write: Coerce
    url: str = ""

    def bind_to_schema(self, schema: GraphQLSchema) -> None:
        """Have the schema's scalar of this name read and write so."""
        scalar = schema.type_map[self.name]
        assert isinstance(scalar, GraphQLScalarType)  # noqa: S101 - the SDL is this plugin's own
        vars(scalar).update(
            coerce_output_value=self.write,
            serialize=self.write,
            coerce_input_value=self.read,
            parse_value=self.read,
            parse_literal=self.read_literal,
        )

    def read(self, value: Any) -> Any:
        """Take a JSON value as it is.

        Raises:
            GraphQLError: It is of another kind.
        """
        if type(value) not in self.kinds:
            kind = type(value).__name__
            raise GraphQLError(f"{self.name} cannot represent a value of the kind {kind}.")
        return value

    def read_literal(self, node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        """Take a value that stands in a document.

        Raises:
            GraphQLError: It is of another kind.
        """
        if isinstance(node, EnumValueNode) or (
            isinstance(node, ListValueNode | ObjectValueNode) and dict not in self.kinds
        ):
            raise GraphQLError(f"{self.name} cannot represent this value.", node)
        return self.read(value_from_ast_untyped(node, variables))


def _writer(kind: type, schema: core_schema.CoreSchema) -> Coerce:
    to_python = SchemaSerializer(schema).to_python

    def write(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"Expected {kind.__name__}, got {type(value).__qualname__}.")
        return to_python(value, mode="json")

    return write


_write_day = _writer(date, core_schema.date_schema())
_write_moment = _writer(datetime, core_schema.datetime_schema())


def _moment(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        value = value.astimezone()
    return _write_moment(value)


def _whole_number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"Expected int, got {type(value).__qualname__}.")
    return int(value)


def _as_it_is(value: Any) -> Any:
    return value


def _nothing(value: Any) -> None:
    raise TypeError(f"Expected None, got {type(value).__qualname__}.")


_TEXT = (str,)
_NUMBER_OR_TEXT = (str, int, float)
_ANY = (str, int, float, bool, list, dict, type(None))

_ALL = (
    Scalar("Base64", "Bytes in base64 (RFC 4648, section 4).", _TEXT, to_base64),
    Scalar("BigInt", "An integer that 32 bits may not hold; a JSON number.", (int,), _whole_number),
    Scalar("Date", "A day, as `2026-05-14` (RFC 3339).", _TEXT, _write_day),
    Scalar("DateTime", "A moment, as `2026-05-14T09:30:00Z` (RFC 3339).", _TEXT, _moment),
    Scalar(
        "Decimal",
        "A decimal number of any precision, as a string.",
        _NUMBER_OR_TEXT,
        _writer(Decimal, core_schema.decimal_schema()),
    ),
    Scalar(
        "Duration",
        "A length of time, as `PT90S` (ISO 8601).",
        _TEXT,
        _writer(timedelta, core_schema.timedelta_schema()),
    ),
    Scalar("JSON", "Any JSON value.", _ANY, _as_it_is),
    Scalar(
        "Time",
        "A time of day, as `09:30:00` (RFC 3339).",
        _TEXT,
        _writer(time, core_schema.time_schema()),
    ),
    Scalar(
        "UUID",
        "A UUID, as a string (RFC 9562).",
        _TEXT,
        _writer(UUID, core_schema.uuid_schema()),
        "https://www.rfc-editor.org/rfc/rfc9562",
    ),
    Scalar(
        "Upload",
        "A file: a part of a multipart request, or an object with its content in base64.",
        (File, dict),
        _nothing,
    ),
    Scalar("Void", "Nothing: it is always null.", (), _nothing),
)

SCALARS: Mapping[str, Scalar] = {scalar.name: scalar for scalar in _ALL}
"""Each by its name."""

BUILT_IN = frozenset(("Boolean", "Float", "ID", "Int", "String"))
"""Those of GraphQL's own (spec, section 3.5)."""
