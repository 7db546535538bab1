"""Input objects that nobody can write: they need others of their kind, and those others."""

from servey_graphql.schema.registry import Registry
from servey_graphql.schema.types import MISSING, InputType, InputValue


def check_finite(registry: Registry) -> None:
    """Hold that every input object can be written: that none needs another of its kind.

    Raises:
        SchemaError: One does.
    """
    needs = {
        name: [field.type[:-1] for field in one.fields if _is_needed(field)]
        for name, one in registry.types.items()
        if isinstance(one, InputType)
    }
    for name, first in needs.items():
        pending, seen = list(first), set()
        while pending:
            needed = pending.pop()
            if needed == name:
                registry.giver = registry.found_by[name]
                raise registry.error(
                    f"the input {name} needs another of its kind, and that another, which nobody "
                    f"can write. Let a field on the way be optional."
                )
            if needed not in seen:
                seen.add(needed)
                pending += needs.get(needed, ())


def _is_needed(field: InputValue) -> bool:
    return field.type.endswith("!") and field.default is MISSING
