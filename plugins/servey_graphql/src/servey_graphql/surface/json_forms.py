"""GraphQL's values as the JSON that they are on other surfaces, and the other way round.

Tests of examples need it: names are in camelCase in GraphQL, enums are the names of their members,
and pages are connections.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
)
from pydantic_core import to_jsonable_python

from servey_core import File
from servey_core.core_schemas import schema_parts
from servey_graphql.resolvers import IsInstance
from servey_graphql.schema.connections import Connection
from servey_graphql.schema.core_parts import fields_of, identity
from servey_graphql.schema.names import camel_case

MOST_OF_A_TYPE = 4
"""How often a type is selected within itself."""

_CLASSES = ("dataclass", "model", "typed-dict")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a JSON object, for a field.

    Attributes:
        name: Its name.
        may_be_absent: Whether null stands for its absence.
    """

    name: str
    may_be_absent: bool


Members = Mapping[str, Mapping[str, Member]]
"""The members of objects by their types' names, and by the names of fields."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of a type.

    Attributes:
        text: The selection set; empty for what has no fields.
        read: Makes of what is not null the JSON that it is elsewhere.
    """

    text: str
    read: Callable[[Any], Any]


def members_of(schemas: Iterable[Any]) -> dict[str, dict[str, Member]]:
    """The members of all classes that core schemas are made of."""
    found: dict[str, dict[str, Member]] = {}
    for schema in schemas:
        for part in schema_parts(schema):
            is_class = part["type"] in _CLASSES and not part.get("root_model")
            if is_class and ("cls" in part or "ref" in part):
                name, _ = identity(part, part.get("ref", ""))
                found[name] = dict(_members(part))
    return found


def _members(schema: Any) -> Iterable[tuple[str, Member]]:
    holder, fields = fields_of(schema)
    for name, part in fields.items():
        if part.get("init_only") or part.get("serialization_exclude"):
            continue
        written = part.get("serialization_alias", name)
        optional = schema["type"] == "typed-dict" and not part.get("required", True)
        absent = optional or bool(part.get("serialization_exclude_if"))
        yield camel_case(written), Member(written, absent)
    for part in holder.get("computed_fields") or ():
        written = part.get("alias", part["property_name"])
        yield camel_case(written), Member(written, may_be_absent=False)


def given(value: Any, kind: GraphQLInputType) -> Any:
    """A JSON value as a variable; what does not fit the type stays as it is."""
    if isinstance(kind, GraphQLNonNull):
        return given(value, kind.of_type)
    if isinstance(kind, GraphQLList) and isinstance(value, list):
        return [given(one, kind.of_type) for one in value]
    if isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        names = {field.out_name or name: name for name, field in kind.fields.items()}
        return {
            names.get(name, name): given(one, kind.fields[names[name]].type)
            if name in names
            else one
            for name, one in value.items()
        }
    if isinstance(kind, GraphQLEnumType):
        names = {json: name for name, json in _enum(kind).items()}
        return names.get(value, value) if isinstance(value, str | int | float) else value
    return value


def _enum(kind: GraphQLEnumType) -> dict[str, Any]:
    return {name: to_jsonable_python(one.value) for name, one in kind.values.items()}


class Selections:
    """Selects all data there is of a type, without the actions on it.

    Args:
        members: What there is.
    """

    def __init__(self, members: Members) -> None:
        self._members = members

    def of(
        self, kind: GraphQLOutputType, within: tuple[str, ...] = (), prefix: str = ""
    ) -> Selection | None:
        """What is selected of a type; None where it is too deep in itself.

        Args:
            kind: The type.
            within: The types around it.
            prefix: What the fields' names are made other by, where there are several types.
        """
        if isinstance(kind, GraphQLNonNull):
            return self.of(kind.of_type, within, prefix)
        if isinstance(kind, GraphQLList):
            return self._of_list(kind, within)
        if isinstance(kind, GraphQLUnionType):
            return self._of_union(kind, within)
        if isinstance(kind, GraphQLObjectType):
            return self._of_class(kind, within, prefix)
        values = _enum(kind) if isinstance(kind, GraphQLEnumType) else None
        return Selection("", _as_it_is if values is None else values.__getitem__)

    def _of_class(
        self, kind: GraphQLObjectType, within: tuple[str, ...], prefix: str
    ) -> Selection | None:
        if within.count(kind.name) == MOST_OF_A_TYPE:
            return None
        owner = kind.is_type_of.cls if isinstance(kind.is_type_of, IsInstance) else None
        if owner is Connection:
            return self._of_page(kind, within)
        members = _FILE if owner is File else self._members.get(kind.name, {})
        return self._of_object(kind, members, (*within, kind.name), prefix)

    def _of_list(self, kind: GraphQLList[Any], within: tuple[str, ...]) -> Selection | None:
        item = self.of(kind.of_type, within)
        if item is None:
            return None
        return Selection(item.text, lambda values: [_unless_none(item, one) for one in values])

    def _of_union(self, kind: GraphQLUnionType, within: tuple[str, ...]) -> Selection | None:
        found = {one.name: self.of(one, within, f"{one.name}_") for one in kind.types}
        selected = {name: one for name, one in found.items() if one is not None}
        texts = [f"... on {name} {one.text}" for name, one in selected.items()]
        return Selection(
            f"{{ __typename {' '.join(texts)} }}",
            lambda value: selected[value["__typename"]].read(value),
        )

    def _of_page(self, kind: GraphQLObjectType, within: tuple[str, ...]) -> Selection | None:
        nodes = self.of(kind.fields["nodes"].type, within)
        if nodes is None:
            return None
        return Selection(
            f"{{ nodes {nodes.text} pageInfo {{ endCursor }} }}",
            lambda value: {
                "items": nodes.read(value["nodes"]),
                "next": value["pageInfo"]["endCursor"],
            },
        )

    def _of_object(
        self,
        kind: GraphQLObjectType,
        members: Mapping[str, Member],
        within: tuple[str, ...],
        prefix: str,
    ) -> Selection | None:
        selected = {
            name: (member, one)
            for name, member in members.items()
            if name in kind.fields and (one := self.of(kind.fields[name].type, within)) is not None
        }
        if not selected:
            return None
        texts = [f"{prefix}{name}: {name} {one.text}" for name, (_, one) in selected.items()]

        def read(value: dict[str, Any]) -> dict[str, Any]:
            return {
                member.name: _unless_none(one, value[prefix + name])
                for name, (member, one) in selected.items()
                if not (member.may_be_absent and value[prefix + name] is None)
            }

        return Selection(f"{{ {' '.join(texts)} }}", read)


_FILE = {
    camel_case(name): Member(name, may_be_absent=False)
    for name in ("filename", "content_type", "content")
}


def _unless_none(selection: Selection, value: Any) -> Any:
    return None if value is None else selection.read(value)


def _as_it_is(value: Any) -> Any:
    return value
