"""How tests call actions over HTTP: on the web host as it is, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from servey_core import (
    Action,
    Authorization,
    Binding,
    Caller,
    ConfigurationError,
    Reply,
    Runtime,
    ServiceContext,
    Surface,
    WebTrigger,
)
from servey_rest.plans import SURFACE
from servey_rest.receiving import reply_of
from servey_rest.sending import Fields, request_of

if TYPE_CHECKING:
    import httpx

_HOST = "127.0.0.1"
_LIFETIME = timedelta(minutes=5)
_GRACE_SECONDS = 1.0


def rest_surfaces(runtime: Runtime) -> list[Surface]:
    """The surface `rest`, and `rest-2` and so on for the further web triggers of an action.

    Args:
        runtime: The application.
    """
    most = max((len(_bindings(action)) for action in runtime.actions.values()), default=0)
    return [_surface(runtime, number) for number in range(max(most, 1))]


def _surface(runtime: Runtime, number: int) -> Surface:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Caller]:
        async with _served(runtime) as url, _client(url) as client:
            yield _Caller(runtime, client, number)

    return Surface(
        name=f"{SURFACE}-{number + 1}" if number else SURFACE,
        serves=lambda action: len(_bindings(action)) > number,
        open=opened,
    )


class _Caller:
    """Calls actions of a host that is being served, each by one of its web triggers."""

    def __init__(self, runtime: Runtime, client: "httpx.AsyncClient", number: int) -> None:
        self._runtime = runtime
        self._client = client
        self._number = number

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        binding = _bindings(action)[self._number]
        signature = self._runtime.invoker(action.name).signature
        sent = request_of(binding, signature, params)
        key = [(b"Idempotency-Key", token_hex(16).encode())] if action.idempotency else []
        response = await self._client.request(
            sent.method,
            sent.target,
            headers=[*sent.fields, *key, *self._credentials(authorization)],
            content=sent.content,
        )
        return reply_of(response, signature)

    def _credentials(self, authorization: Authorization | None) -> Fields:
        if authorization is None:
            return []
        if authorization.expires_at is None:
            authorization = replace(authorization, expires_at=datetime.now(UTC) + _LIFETIME)
        token = self._runtime.authorizer.issue(authorization)
        return [(b"Authorization", f"Bearer {token}".encode())]


@asynccontextmanager
async def _served(runtime: Runtime) -> AsyncIterator[str]:
    """Serve the web host on a free port of this machine; its URL."""
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


def _client(url: str) -> "httpx.AsyncClient":
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Examples are tested over HTTP by httpx: pip install 'servey-rest[testing]', "
            "or leave the surface out."
        ) from error
    return httpx.AsyncClient(base_url=url, trust_env=False)


def _bindings(action: Action) -> list[Binding]:
    """An action's bindings to web triggers; first those that only read."""
    triggers = [one for one in action.triggers if isinstance(one, WebTrigger)]
    return [Binding(action, one) for one in sorted(triggers, key=lambda one: not one.safe)]
