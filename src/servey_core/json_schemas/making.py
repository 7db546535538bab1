"""Making the schemas of a document, all together, so that their names are their own."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from pydantic.json_schema import JsonSchemaMode

from servey_core.json_schemas.alike import types_in
from servey_core.json_schemas.generator import COMING_OUT, Core, Generator, Schema
from servey_core.json_schemas.names import schema_names

KeyT = TypeVar("KeyT", bound=Hashable)

SchemaInput = tuple[KeyT, JsonSchemaMode, Core]
"""What a schema is made of: what it is asked for by, its direction, and pydantic's core schema."""


def make_schemas(
    inputs: Iterable[SchemaInput[KeyT]], reserved: Iterable[str] = ()
) -> tuple[Mapping[tuple[KeyT, JsonSchemaMode], Schema], dict[str, Schema]]:
    """Make schemas.

    Args:
        inputs: What they are made of.
        reserved: Names that no type may have.

    Returns:
        The schemas by key and direction, and those that they refer to, by name.
    """
    # What comes in may differ by where it stands, so it is looked at first.
    ordered = sorted(inputs, key=lambda one: one[1] == COMING_OUT)
    names = schema_names(types_in(core for _, _, core in ordered), reserved)
    generator = Generator(lambda *ref: names[ref])
    # Of a type that looks the same both ways, the schema that is made last stays.
    found, definitions = generator.generate_definitions(ordered[::-1])
    reached = generator.get_json_ref_counts({"anyOf": list(found.values())})
    used = {generator.json_to_defs_refs[one] for one in reached}
    return found, {name: definitions[name] for name in sorted(used)}
