"""How tests call actions over HTTP: on the web host as it is, over a real socket."""

from collections.abc import Mapping
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from servey_core import (
    Action,
    Authorization,
    Binding,
    Reply,
    Runtime,
    Surface,
    WebTrigger,
)
from servey_rest.plans import SURFACE
from servey_rest.receiving import reply_of
from servey_web import credentials_of, numbered_surfaces, request_of, takes_form

if TYPE_CHECKING:
    import httpx


def rest_surfaces(runtime: Runtime) -> list[Surface]:
    """The surface `rest`, and `rest-2` and so on for the further web triggers of an action.

    Args:
        runtime: The application.
    """
    return numbered_surfaces(
        runtime,
        SURFACE,
        count=lambda action: len(_bindings(action)),
        make=lambda client, number: _Caller(runtime, client, number),
        least=1,
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
        trigger = binding.trigger
        assert isinstance(trigger, WebTrigger)  # noqa: S101 - `_bindings` gives these only
        form = takes_form(trigger.method, signature, form=trigger.form)
        path = trigger.path_for(action)
        sent = request_of(trigger.method, path, signature, params, form=form)
        key = [(b"Idempotency-Key", token_hex(16).encode())] if action.idempotency else []
        response = await self._client.request(
            sent.method,
            sent.target,
            headers=[*sent.fields, *key, *credentials_of(self._runtime, authorization)],
            content=sent.content,
        )
        return reply_of(response, signature)


def _bindings(action: Action) -> list[Binding]:
    """An action's bindings to web triggers; first those that only read."""
    triggers = [one for one in action.triggers if isinstance(one, WebTrigger)]
    return [Binding(action, one) for one in sorted(triggers, key=lambda one: not one.safe)]
