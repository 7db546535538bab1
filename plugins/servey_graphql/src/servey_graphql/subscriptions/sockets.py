"""All websockets of one process that speak GraphQL."""

from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

from servey_core import Runtime, Unauthorized
from servey_graphql.settings import GraphqlSettings
from servey_graphql.subscriptions.connection import FORBIDDEN, Connection
from servey_graphql.subscriptions.messages import SUBPROTOCOL
from servey_graphql.subscriptions.results import Results
from servey_web import authorization_of, is_own_page, web_settings

if TYPE_CHECKING:
    import asyncio

_POLICY_VIOLATION = 1008
_TRY_LATER = 1013
_OTHER_SUBPROTOCOL = 4406


class Sockets:
    """Serves websockets.

    Args:
        runtime: The application.
        results: Gives operations' results.

    Attributes:
        results: The same.
        authorizer: What reads clients' tokens.
        max_operations: How many operations each may have under way.
    """

    def __init__(self, runtime: Runtime, results: Results) -> None:
        settings = runtime.settings.group(GraphqlSettings)
        self.results = results
        self.authorizer = runtime.authorizer
        self.max_operations = settings.graphql_max_operations
        self._max_connections = settings.graphql_max_connections
        self._origins = frozenset(web_settings(runtime).cors_origins)
        self._number = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one websocket, from its handshake to its end."""
        await receive()
        if not is_own_page(scope, self._origins):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        chosen = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
        await send({"type": "websocket.accept", "subprotocol": chosen})
        if chosen is None:
            await _close(send, _OTHER_SUBPROTOCOL, "Subprotocol not acceptable")
            return
        if self._number >= self._max_connections:
            await _close(send, _TRY_LATER, "Too many connections")
            return
        try:
            authorization = authorization_of(scope, self.authorizer)
        except Unauthorized:
            await _close(send, FORBIDDEN, "Forbidden")
            return
        self._number += 1
        try:
            await Connection(self, scope, receive, send, authorization).run()
        finally:
            self._number -= 1

    def keep(self, task: "asyncio.Task[Any]") -> None:
        """Keep a task from being collected before it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _close(send: Send, code: int, reason: str) -> None:
    await send({"type": "websocket.close", "code": code, "reason": reason})
