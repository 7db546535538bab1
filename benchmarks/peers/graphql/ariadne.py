"""Ariadne, as it comes, and with caches in the two places that it offers."""

from functools import lru_cache
from typing import Any

from ariadne import MutationType, ObjectType, QueryType, make_executable_schema
from ariadne.asgi import GraphQL
from graphql import DocumentNode, GraphQLSchema, parse, validate

from peers.graphql import resolvers
from peers.graphql.contract import SDL

_CACHED = 1000


def application() -> GraphQL:
    """With its default settings."""
    return GraphQL(_schema())


def caching_application() -> GraphQL:
    """With a parser and a validator that remember."""
    cached = lru_cache(_CACHED)(parse)

    def parser(_: Any, data: dict[str, Any]) -> DocumentNode:
        return cached(data["query"])

    return GraphQL(_schema(), query_parser=parser, query_validator=lru_cache(_CACHED)(validate))


def _schema() -> GraphQLSchema:
    query, mutation, item = QueryType(), MutationType(), ObjectType("Item")
    query.set_field("greet", resolvers.greet)
    query.set_field("items", resolvers.items)
    mutation.set_field("renameItem", resolvers.rename_item)
    item.set_alias("inStock", "in_stock")
    for field in ("label", "rating", "sold", "maker"):
        item.set_field(field, getattr(resolvers, field))
    return make_executable_schema(SDL, query, mutation, item)
