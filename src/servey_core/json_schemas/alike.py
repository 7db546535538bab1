"""Which types look the same in JSON, whether they go in or come out."""

from collections.abc import Iterable, Iterator

from pydantic.json_schema import JsonSchemaMode

from servey_core.json_schemas.generator import COMING_OUT, GOING_IN, REFERENCE, Core, Generator

_OPAQUE = frozenset({"cls", "config", "default", "metadata"})
"""Members of a core schema that hold no further ones."""


def types_in(schemas: Iterable[Core]) -> dict[str, bool]:
    """The types that have a schema of their own, and whether each looks the same both ways.

    Args:
        schemas: Core schemas, in which these types are named or defined.

    Returns:
        Pydantic's references to the types, in the order in which they come.
    """
    schemas = list(schemas)
    own = {one["ref"]: one for schema in schemas for one in _referable(schema)}
    parts = [*schemas, *own.values()]
    into, out = _generated(parts, GOING_IN), _generated(parts, COMING_OUT)
    unlike = {ref for ref in own if into.definitions.get(ref) != out.definitions.get(ref)}
    return {ref: unlike.isdisjoint(_reached(ref, into)) for ref in own}


def _generated(parts: list[Core], mode: JsonSchemaMode) -> Generator:
    generator = Generator(lambda ref, _: ref, widths=False)
    generator.generate_definitions([(number, mode, one) for number, one in enumerate(parts)])
    return generator


def _reached(ref: str, generator: Generator) -> Iterator[str]:
    """The type, and all that its schema refers to."""
    found = generator.get_json_ref_counts({"$ref": REFERENCE.format(model=ref)})
    return (generator.json_to_defs_refs[one] for one in found)


def _referable(schema: Core) -> Iterator[Core]:
    """The schemas with a name, in this one and this one itself."""
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from _referable(part)
    elif isinstance(schema, dict):
        is_schema = isinstance(schema.get("type"), str)  # or a mapping from names to schemas
        if is_schema and "ref" in schema:
            yield schema
        for key, part in schema.items():
            if not (is_schema and key in _OPAQUE):
                yield from _referable(part)
