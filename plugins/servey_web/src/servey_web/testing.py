"""What surfaces of the web host share in tests: the host, served over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from servey_core import (
    Action,
    Authorization,
    Caller,
    ConfigurationError,
    Runtime,
    ServiceContext,
    Surface,
)
from servey_web.responses import RawHeaders

if TYPE_CHECKING:
    import httpx

_HOST = "127.0.0.1"
_LIFETIME = timedelta(minutes=5)
_GRACE_SECONDS = 1.0


@asynccontextmanager
async def served(runtime: Runtime) -> AsyncIterator[str]:
    """Serve the web host on a free port of this machine; its URL.

    Args:
        runtime: The application.
    """
    listening = socket.socket(proto=socket.IPPROTO_TCP)  # named, or asyncio sends with delay
    listening.setblocking(False)
    listening.bind((_HOST, 0))
    listening.listen()
    started, stop = asyncio.Event(), asyncio.Event()
    context = ServiceContext(stop, _GRACE_SECONDS, [listening], started.set)
    service = runtime.services()["web"].record
    serving = asyncio.ensure_future(service.run(context))
    waiting = asyncio.ensure_future(started.wait())
    try:
        await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # raises what it failed with
        yield f"http://{_HOST}:{listening.getsockname()[1]}"
    finally:
        waiting.cancel()
        stop.set()
        await serving


def client_of(url: str) -> "httpx.AsyncClient":
    """A client of a host, which waits for as long as an action takes.

    Args:
        url: Where it is.

    Raises:
        ConfigurationError: httpx is not installed.
    """
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Examples are tested over HTTP by httpx: pip install 'servey-web[testing]', "
            "or leave the surface out."
        ) from error
    return httpx.AsyncClient(base_url=url, timeout=None, trust_env=False)  # noqa: S113 - an action has as long as it takes


def token_of(runtime: Runtime, authorization: Authorization) -> str:
    """A token for a caller, which ends soon where the authorization itself does not.

    Args:
        runtime: The application.
        authorization: Who calls.

    Raises:
        ConfigurationError: The authorizer issues no tokens.
    """
    if authorization.expires_at is None:
        authorization = replace(authorization, expires_at=datetime.now(UTC) + _LIFETIME)
    return runtime.authorizer.issue(authorization)


def credentials_of(runtime: Runtime, authorization: Authorization | None) -> RawHeaders:
    """The header field by which a request says who calls; none for nobody.

    Args:
        runtime: The application.
        authorization: Who calls.

    Raises:
        ConfigurationError: The authorizer issues no tokens.
    """
    if authorization is None:
        return []
    return [(b"authorization", b"Bearer " + token_of(runtime, authorization).encode())]


MakeCaller = Callable[["httpx.AsyncClient", int], Caller]


def numbered_surfaces(  # noqa: PLR0913, PLR0917 - what they differ by
    runtime: Runtime,
    name: str,
    count: Callable[[Action], int],
    make: MakeCaller,
    prepare: Callable[[], None] = lambda: None,
    least: int = 0,
) -> list[Surface]:
    """One surface for each trigger of the action that has most: `rest`, `rest-2` and so on.

    Args:
        runtime: The application.
        name: The name of the first.
        count: How many triggers an action has.
        make: Makes what calls actions by one of their triggers, whose number it is given.
        prepare: What is done before the host is served.
        least: How many there are at least.
    """

    def numbered(number: int) -> Surface:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Caller]:
            prepare()
            async with served(runtime) as url, client_of(url) as client:
                yield make(client, number)

        return Surface(
            name=f"{name}-{number + 1}" if number else name,
            serves=lambda action: count(action) > number,
            open=opened,
        )

    most = max(map(count, runtime.actions.values()), default=0)
    return [numbered(number) for number in range(max(most, least))]
