"""What the GraphQL API takes, and where it stands."""

from servey_core import SettingsGroup, setting


class GraphqlSettings(SettingsGroup):
    """The settings of the GraphQL surface."""

    graphql_path: str = setting("/graphql", "Where the GraphQL API stands.", pattern=r"^/.*[^/]$")
