"""The plugin: what is slow to import is imported by the hook that needs it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from servey_core import Command, Generator, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from servey_core import Artifact, Runtime, SettingsGroup, Surface
    from servey_web import WebRoute


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """Where the API stands, and what it takes."""
    from servey_graphql.settings import GraphqlSettings

    return [GraphqlSettings]


@hookimpl
def servey_web_routes(runtime: "Runtime") -> "Iterable[WebRoute]":
    """The API, and the explorer for browsers."""
    from servey_graphql.graphiql import with_explorer
    from servey_graphql.serving.routes import graphql_routes
    from servey_graphql.subscriptions import with_subscriptions

    return with_explorer(with_subscriptions(graphql_routes(runtime), runtime), runtime)


@hookimpl
def servey_commands() -> Iterable[Command]:
    """The command `servey graphql-persist`."""
    return [Command("graphql-persist", "List documents for callers to name.", _persist)]


@hookimpl
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """The surface `graphql`."""
    from servey_graphql.surface import graphql_surfaces

    return graphql_surfaces(runtime)


@hookimpl
def servey_generators() -> Iterable[Generator]:
    """The generator `graphql-schema`."""
    return [Generator("graphql-schema", "The GraphQL schema, as SDL.", _schema)]


def _persist() -> "click.Command":
    from servey_graphql.serving.commands import graphql_persist

    return graphql_persist


def _schema(runtime: "Runtime") -> "Sequence[Artifact]":
    from servey_core import Artifact
    from servey_graphql.schema import sdl_text

    return [Artifact("schema.graphql", sdl_text(runtime))]
