"""JSON Schemas as AsyncAPI 3.0 reads them: by draft 7 of JSON Schema."""

from typing import Any

_NAMED = frozenset(("patternProperties", "properties"))
_LISTED = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_SINGLE = frozenset(("additionalProperties", "items", "not", "propertyNames"))


def as_draft_7(schema: Any) -> Any:
    """The same schema in the words of draft 7.

    Tuples are lists of `items` there, nothing may stand beside a `$ref`, and a `discriminator` is
    no object; it only repeats what the alternatives say.
    """
    if not isinstance(schema, dict):
        return schema
    changed = {key: _changed(key, part) for key, part in schema.items() if key != "discriminator"}
    if "prefixItems" in changed:
        further = changed.pop("items", None)
        changed["items"] = changed.pop("prefixItems")
        if further is not None:
            changed["additionalItems"] = further
    if "$ref" in changed and len(changed) > 1:
        changed["allOf"] = [{"$ref": changed.pop("$ref")}]
    return changed


def _changed(key: str, part: Any) -> Any:
    if key in _NAMED:
        return {name: as_draft_7(one) for name, one in part.items()}
    if key in _LISTED:
        return [as_draft_7(one) for one in part]
    return as_draft_7(part) if key in _SINGLE else part
