"""The schema in the schema definition language (spec, section 3), from which it is built."""

from collections.abc import Iterable, Mapping

from graphql.language.block_string import print_block_string

from servey_graphql.schema.collecting import Types
from servey_graphql.schema.literals import literal
from servey_graphql.schema.scalars import SCALARS
from servey_graphql.schema.types import (
    MISSING,
    EnumType,
    InputType,
    InputValue,
    NamedType,
    OutputField,
    ScalarType,
    UnionType,
)

LONGEST_EXAMPLE = 300
"""How many characters an example may have: one with a file in it helps nobody."""

DEPRECATION = "It may go: see its description."


def sdl_of(types: Types) -> str:
    """Write a schema; the same one is always written alike."""
    return "\n\n".join(_type(one, types) for one in types.values()) + "\n"


def _type(one: NamedType, types: Types) -> str:
    if isinstance(one, ScalarType):
        scalar = SCALARS[one.name]
        url = f' @specifiedBy(url: "{scalar.url}")' if scalar.url else ""
        return f"{_description(scalar.description)}scalar {one.name}{url}"
    head = _description(one.description)
    if isinstance(one, UnionType):
        return f"{head}union {one.name} = {' | '.join(one.members.values())}"
    if isinstance(one, EnumType):
        return f"{head}enum {one.name} {_block(one.values)}"
    if isinstance(one, InputType):
        fields = (_described(field.description, _input(field, types), "  ") for field in one.fields)
        return f"{head}input {one.name} {_block(fields)}"
    return f"{head}type {one.name} {_block(_field(field, types) for field in one.fields)}"


def _field(field: OutputField, types: Types) -> str:
    arguments = _arguments(field, types)
    deprecated = f' @deprecated(reason: "{DEPRECATION}")' if field.deprecated else ""
    text = f"{field.name}{arguments}: {field.type}{deprecated}"
    return _described(_with_examples(field, types), text, "  ")


def _arguments(field: OutputField, types: Types) -> str:
    if not field.arguments:
        return ""
    texts = [_input(one, types) for one in field.arguments]
    if not any(one.description for one in field.arguments):
        return f"({', '.join(texts)})"
    described = (
        _described(one.description, text, "    ")
        for one, text in zip(field.arguments, texts, strict=True)
    )
    return "(\n" + "\n".join(f"    {text}" for text in described) + "\n  )"


def _with_examples(field: OutputField, types: Types) -> str:
    lines = [
        f"Example ({name}): `{text}`"
        for name, values in field.examples.items()
        if (text := _example(field, values, types))
    ]
    return "\n\n".join(filter(None, (field.description, "\n\n".join(lines))))


def _example(field: OutputField, values: Mapping[str, object], types: Types) -> str:
    """A selection of the field as an example has it; nothing where that cannot be said shortly."""
    known = {one.json_name: one for one in field.arguments}
    try:
        given = [
            f"{known[name].name}: {literal(value, known[name].type, types)}"
            for name, value in values.items()
        ]
    except (KeyError, ValueError):
        return ""
    text = f"{field.name}({', '.join(given)})" if given else field.name
    return text if len(text) <= LONGEST_EXAMPLE else ""


def _input(one: InputValue, types: Types) -> str:
    if one.default is MISSING:
        return f"{one.name}: {one.type}"
    try:
        return f"{one.name}: {one.type} = {literal(one.default, one.type, types)}"
    except ValueError:  # it has no form in a document, and is left out by who means it
        return f"{one.name}: {one.type.removesuffix('!')}"


def _block(lines: Iterable[str]) -> str:
    return "{\n" + "\n".join(f"  {line}" for line in lines) + "\n}"


def _described(description: str, text: str, indent: str) -> str:
    return _description(description, indent) + text


def _description(text: str, indent: str = "") -> str:
    if not text:
        return ""
    lines = print_block_string(text).splitlines()
    indented = "\n".join(indent + line if line else "" for line in lines)
    return f"{indented.removeprefix(indent)}\n{indent}"
