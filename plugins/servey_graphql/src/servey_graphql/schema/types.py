"""What the schema says, before it is written: types, fields and arguments, as plain data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from servey_graphql.resolvers import ActionField, Attribute, BatchedField

Convert: TypeAlias = Callable[[Any], Any]
Resolver: TypeAlias = Attribute | ActionField | BatchedField


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value looks like in GraphQL.

    Attributes:
        text: The type as SDL writes it: `[Int!]!`.
        convert: What makes of a value what the type takes; None where it is that.
    """

    text: str
    convert: Convert | None = None

    @property
    def named(self) -> str:
        """The name of the type without its lists and exclamation marks."""
        return self.text.strip("[]!")

    @property
    def nullable(self) -> "Shape":
        """The same, which may be null."""
        if not self.text.endswith("!"):
            return self
        return Shape(self.text[:-1], self.convert and _unless_none(self.convert))

    @property
    def listed(self) -> "Shape":
        """A list of such values."""
        return Shape(f"[{self.text}]!", self.convert and _for_each(self.convert))


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _for_each(convert: Convert) -> Convert:
    return lambda values: [convert(value) for value in values]


@dataclass(frozen=True, slots=True)
class InputValue:
    """An argument, or a field of an input object.

    Attributes:
        name: Its name in GraphQL.
        json_name: Its name in the JSON that the action reads.
        type: Its type as SDL writes it.
        default: What it is where it is not given, as JSON has it; `MISSING` where nothing is said.
        description: What it is.
    """

    name: str
    json_name: str
    type: str
    default: Any
    description: str = ""


MISSING: Any = object()
"""Stands for a default that there is not."""


@dataclass(frozen=True, slots=True)
class OutputField:
    """A field of an object.

    Attributes:
        name: Its name.
        type: Its type as SDL writes it.
        resolver: How its value is got.
        arguments: What it takes.
        description: What it is.
        deprecated: Whether callers should stop using it.
        examples: Its arguments in examples, as JSON has them, by the examples' names.
    """

    name: str
    type: str
    resolver: Resolver
    arguments: tuple[InputValue, ...] = ()
    description: str = ""
    deprecated: bool = False
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A type of objects with fields.

    Attributes:
        name: Its name.
        fields: Its fields, in their order.
        description: What it is.
        owner: The class whose instances are such objects; None where no class tells them.
    """

    name: str
    fields: tuple[OutputField, ...]
    description: str = ""
    owner: type | None = None


@dataclass(frozen=True, slots=True)
class InputType:
    """A type of objects that are arguments.

    Attributes:
        name: Its name.
        fields: Its fields, in their order.
        description: What it is.
    """

    name: str
    fields: tuple[InputValue, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class EnumType:
    """A type of a few values.

    Attributes:
        name: Its name.
        values: What Python has for each, by its name in GraphQL.
        description: What it is.
    """

    name: str
    values: Mapping[str, Any]
    description: str = ""


@dataclass(frozen=True, slots=True)
class UnionType:
    """A type of objects that are of one of several types.

    Attributes:
        name: Its name.
        members: The names of those types, by their classes.
        description: What it is.
    """

    name: str
    members: Mapping[type, str]
    description: str = ""


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A type of values that have no parts.

    Attributes:
        name: Its name.
    """

    name: str


NamedType: TypeAlias = ObjectType | InputType | EnumType | UnionType | ScalarType
