"""The explorer: GraphiQL, whole from this host where it is bundled, with a login for trying."""

from servey_graphql.graphiql.serving import with_explorer

__all__ = ["with_explorer"]
