"""The executable schema: Ariadne makes it of the SDL, and each field is given its resolver."""

from dataclasses import dataclass

import ariadne
from ariadne.types import SchemaBindable
from graphql import GraphQLObjectType, GraphQLSchema

from servey_core import ConfigurationError, Runtime
from servey_graphql.resolvers import ClassNames, IsInstance
from servey_graphql.schema.collecting import Types, collect
from servey_graphql.schema.scalars import SCALARS
from servey_graphql.schema.sdl import sdl_of
from servey_graphql.schema.types import (
    EnumType,
    InputType,
    NamedType,
    ObjectType,
    ScalarType,
    UnionType,
)


def build_schema(runtime: Runtime) -> GraphQLSchema:
    """Make the schema of an application.

    Raises:
        SchemaError: An action cannot be expressed.
        ConfigurationError: The application has no web-triggered action.
    """
    types = _types(runtime)
    bindables = [_bound(one) for one in types.values()]
    return ariadne.make_executable_schema(sdl_of(types), *bindables)


def sdl_text(runtime: Runtime) -> str:
    """The schema of an application in the schema definition language.

    Raises:
        SchemaError: An action cannot be expressed.
        ConfigurationError: The application has no web-triggered action.
    """
    return sdl_of(_types(runtime))


def _types(runtime: Runtime) -> Types:
    types = collect(runtime)
    if types is None:
        raise ConfigurationError(
            "There is nothing to make a GraphQL schema of: no action has a web trigger, and no "
            "channel is delivered. "
            "Give one to an action: @action(triggers=WEB_GET)."
        )
    return types


def _bound(one: NamedType) -> SchemaBindable:
    if isinstance(one, ScalarType):
        return SCALARS[one.name]
    if isinstance(one, EnumType):
        return ariadne.EnumType(one.name, dict(one.values))
    if isinstance(one, UnionType):
        return ariadne.UnionType(one.name, ClassNames(one.members))
    if isinstance(one, InputType):
        names = {field.name: field.json_name for field in one.fields}
        return ariadne.InputType(one.name, out_names=names)
    return _Fields(one)


@dataclass(frozen=True)
class _Fields(SchemaBindable):
    """The fields of a type of objects, and the class of those."""

    of: ObjectType

    def bind_to_schema(self, schema: GraphQLSchema) -> None:
        kind = schema.type_map[self.of.name]
        assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - the SDL is this plugin's own
        if self.of.owner is not None:
            kind.is_type_of = IsInstance(self.of.owner)
        for field in self.of.fields:
            bound = kind.fields[field.name]
            bound.resolve = field.resolver
            for argument in field.arguments:
                bound.args[argument.name].out_name = argument.json_name
