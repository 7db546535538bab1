"""GraphQL servers of the same schema, one module for each library.

Each module has factories `() -> ASGI application`, which answers at every path: there is one
operation at a time that is measured, and each application serves them all.
"""

from peers import SERVEY, Peer

ARIADNE = "Ariadne"
ARIADNE_CACHED = "Ariadne, its caches"
STRAWBERRY = "Strawberry, its caches"
GRAPHQL_CORE = "graphql-core, by hand"

GRAPHQL_PEERS = {
    ARIADNE: Peer("graphql.ariadne", needs="ariadne", modules=("aiodataloader",)),
    ARIADNE_CACHED: Peer(
        "graphql.ariadne", "caching_application", needs="ariadne", modules=("aiodataloader",)
    ),
    STRAWBERRY: Peer("graphql.strawberry", needs="strawberry-graphql", modules=("strawberry",)),
    GRAPHQL_CORE: Peer(
        "graphql.by_hand", needs="graphql-core", modules=("graphql", "aiodataloader")
    ),
    SERVEY: Peer("graphql.servey"),
}
"""What is compared."""
