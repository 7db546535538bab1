"""How tests call actions over HTTP: on the web host as it is, over a real socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

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
from servey_core.problems import PROBLEM_CONTENT_TYPE
from servey_core.texts import Shape, shape_of
from servey_rest.paths import path_of, path_parameters
from servey_rest.plans import SURFACE
from servey_rest.readers import BODILESS

if TYPE_CHECKING:
    import httpx

_HOST = "127.0.0.1"
_LIFETIME = timedelta(minutes=5)
_GRACE_SECONDS = 1.0

Pairs = list[tuple[str, str]]


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
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101
        method = binding.trigger.method
        url, rest = self._path(binding, params)
        headers = self._credentials(authorization)
        if method in BODILESS:
            pairs = [pair for name in rest for pair in self._texts(action, name, rest[name])]
            url = f"{url}?{urlencode(pairs)}" if pairs else url
            response = await self._client.request(method, url, headers=headers)
        else:
            response = await self._client.request(method, url, json=rest, headers=headers)
        return _reply(response)

    def _path(self, binding: Binding, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The path with its parameters filled in, and the parameters that are left."""
        path, rest = path_of(binding), dict(params)
        for name in path_parameters(path):
            path = path.replace(f"{{{name}}}", quote(_text(rest.pop(name)), safe=""))
        return path, rest

    def _texts(self, action: Action, name: str, value: Any) -> Pairs:
        parameters = self._runtime.invoker(action.name).signature.parameters
        shape = shape_of(parameters[name].annotation) if name in parameters else Shape.ONE
        return list(_pairs(name, value, shape))

    def _credentials(self, authorization: Authorization | None) -> dict[str, str]:
        if authorization is None:
            return {}
        if authorization.expires_at is None:
            authorization = replace(authorization, expires_at=datetime.now(UTC) + _LIFETIME)
        return {"Authorization": f"Bearer {self._runtime.authorizer.issue(authorization)}"}


@asynccontextmanager
async def _served(runtime: Runtime) -> AsyncIterator[str]:
    """Serve the web host on a free port of this machine; its URL."""
    listening = socket.create_server((_HOST, 0))
    listening.setblocking(False)
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


def _pairs(name: str, value: Any, shape: Shape) -> Iterator[tuple[str, str]]:
    if value is None and shape is not Shape.JSON:
        return  # null has no text; left out, the default stands for it
    if shape is Shape.SEVERAL and isinstance(value, list):
        yield from ((name, _text(item)) for item in value)
    elif shape is Shape.OBJECT and isinstance(value, dict) and value:
        for field, member in value.items():
            yield from _pairs(f"{name}[{field}]", member, Shape.ONE)
    else:
        yield name, json.dumps(value) if shape is Shape.JSON else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _reply(response: "httpx.Response") -> Reply:
    content_type = response.headers.get("content-type", "")
    if content_type == PROBLEM_CONTENT_TYPE:
        return Reply(problem=response.json())
    if response.status_code != 200 or content_type != "application/json":  # noqa: PLR2004
        raise AssertionError(f"{response.request.method} {response.url} answered {response!r}.")
    directives = response.headers.get("cache-control", "").split(", ")
    ages = [int(one.partition("=")[2]) for one in directives if one.startswith("max-age=")]
    return Reply(
        response.json(), max_age=ages[0] if ages else None, private="private" in directives
    )
