"""How tests call actions through GraphQL."""

from servey_graphql.surface.adapter import graphql_surfaces

__all__ = ["graphql_surfaces"]
