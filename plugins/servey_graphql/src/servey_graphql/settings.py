"""What the GraphQL API takes, and where it stands."""

from servey_core import SettingsGroup, setting


class GraphqlSettings(SettingsGroup):
    """The settings of the GraphQL surface."""

    graphql_path: str = setting("/graphql", "Where the GraphQL API stands.", pattern=r"^/.*[^/]$")
    graphql_introspection: bool | None = setting(
        None, "Whether the schema can be asked for. Left out, in development only."
    )
    graphql_timeout: float = setting(
        30.0, "How long an operation may take, in seconds (504); 0 for any time.", ge=0
    )
    graphql_max_document: int = setting(
        50_000, "The longest document, in characters; 0 for any.", ge=0
    )
    graphql_max_tokens: int = setting(
        5000, "The most tokens of a document: names, braces, values; 0 for any number.", ge=0
    )
    graphql_max_depth: int = setting(
        20, "How deep the fields of an operation may be nested; 0 for any depth.", ge=0
    )
    graphql_max_fields: int = setting(
        2000,
        "The most fields of an operation, those of a fragment counted wherever it is spread; 0 "
        "for any number.",
        ge=0,
    )
    graphql_max_aliases: int = setting(
        50, "The most aliases of an operation, likewise; 0 for any number.", ge=0
    )
    graphql_max_root_fields: int = setting(
        20, "The most fields that an operation may begin with; 0 for any number.", ge=0
    )
    graphql_max_directives: int = setting(
        50, "The most directives of a document; 0 for any number.", ge=0
    )
    graphql_max_spreads: int = setting(
        150, "The most spreads of fragments in a document; 0 for any number.", ge=0
    )
    graphql_max_cost: int = setting(
        10_000,
        "The most values that an operation may come to: each field is one, and as many as a list "
        "has items, by `first`, `last` or `limit`; 0 for any number.",
        ge=0,
    )
    graphql_list_size: int = setting(
        10, "How many items a list is taken to have, where no argument says it.", ge=1
    )
    graphql_cached_documents: int = setting(
        1000,
        "How many documents are kept parsed, checked and planned, each from its second request on.",
        ge=1,
    )
    graphql_cached_characters: int = setting(
        250_000,
        "How long the documents that are kept may be together, in characters; each takes about "
        "150 bytes of memory.",
        ge=0,
    )
    graphql_max_connections: int = setting(
        10_000,
        "How many websockets one process serves at once, and how many event streams; more are "
        "turned away (1013, 503).",
        ge=1,
    )
    graphql_max_operations: int = setting(
        100, "How many operations a websocket may have under way.", ge=1
    )
    graphql_persisted_documents: str | None = setting(
        None,
        "A JSON file of documents that callers name rather than send, by their ids; "
        "`servey graphql-persist` makes one.",
    )
    graphql_only_persisted: bool = setting(
        default=False, description="Whether nothing but the documents of that file is run."
    )
    graphql_automatic_persisted: bool = setting(
        default=True,
        description="Whether a document that was sent once may be named by its hash from then on, "
        "as long as the process runs and remembers it.",
    )

    def introspects(self, *, development: bool) -> bool:
        """Whether the schema can be asked for: as is set, or else in development."""
        chosen = self.graphql_introspection
        return development if chosen is None else chosen
