"""Applications of the same page, one module for each framework; the templates are the same files.

Each module has factories `() -> ASGI application`.
"""

from peers import FASTAPI, FASTAPI_DEF, LITESTAR, SERVEY, SERVEY_INLINE, SERVEY_THREAD, Peer

LIMIT = "bare ASGI + Jinja"
FLASK = "Flask, by WSGI"

PAGE_PEERS = {
    LIMIT: Peer("pages.bare"),
    FASTAPI: Peer("pages.fastapi"),
    FASTAPI_DEF: Peer("pages.fastapi", "sync_application"),
    FLASK: Peer("pages.flask", needs="flask"),
    LITESTAR: Peer("pages.litestar", needs="litestar"),
    SERVEY: Peer("pages.servey"),
    SERVEY_THREAD: Peer("pages.servey", "sync_application"),
    SERVEY_INLINE: Peer("pages.servey", "inline_application"),
}
"""What is compared."""

IN_PROCESS_ONLY = (FASTAPI_DEF, FLASK, SERVEY_THREAD, SERVEY_INLINE)
"""Those that have no server, or one that is told by another's."""
