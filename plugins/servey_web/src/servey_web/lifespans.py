"""Starting and stopping a mounted application: Starlette leaves mounts out of its lifespan."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.types import ASGIApp, Message

from servey_core.errors import ServiceError


def lifespan_of(app: ASGIApp) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Make the lifespan of an application that `app` is mounted in: `FastAPI(lifespan=...)`.

    Args:
        app: What `create_app()` made.

    Returns:
        What Starlette and FastAPI take for a lifespan. Another lifespan enters it with
        `async with lifespan_of(app)(outer):`. It raises what the start-up of `app` raises, and
        `ServiceError` where `app` says no more than that it failed.
    """

    @asynccontextmanager
    async def lifespan(outer: object) -> AsyncIterator[None]:  # noqa: ARG001 - Starlette gives it
        live = _Lifespan(app)
        await live.go("startup")
        try:
            yield
        finally:
            await live.go("shutdown")
            await live.end

    return lifespan


class _Lifespan:
    """The server's side of the lifespan protocol; the application's is a task of its own.

    Attributes:
        end: The task.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self.end = asyncio.ensure_future(app(scope, self._told.get, self._heard.put))

    async def go(self, phase: str) -> None:
        """Have the application start up or shut down."""
        await self._told.put({"type": f"lifespan.{phase}"})
        hearing = asyncio.ensure_future(self._heard.get())
        await asyncio.wait((hearing, self.end), return_when=asyncio.FIRST_COMPLETED)
        heard = hearing.result() if hearing.done() else {}
        hearing.cancel()
        if heard.get("type") != f"lifespan.{phase}.complete":
            await self.end  # which raises what is known better there
            raise ServiceError(f"A mounted application's {phase} failed. {heard.get('message')}")
