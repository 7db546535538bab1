"""How tests call actions by their pages: on the web host as it is, over a real socket."""

import json
import re
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from servey_core import (
    Action,
    Authorization,
    Binding,
    Reply,
    Runtime,
    Surface,
    WebPageTrigger,
)
from servey_web.arguments.sending import Sent, request_of
from servey_web.pages.notes import Note, Notes
from servey_web.pages.plans import SURFACE
from servey_web.sessions.csrf import FIELD, HEADER
from servey_web.testing import credentials_of, numbered_surfaces

if TYPE_CHECKING:
    import httpx

_ACCEPT = (b"Accept", b"text/html")
_TOKEN = re.compile(rf'name="{FIELD}" value="([^"]+)"')


def page_surfaces(runtime: Runtime) -> list[Surface]:
    """The surface `page`, and `page-2` and so on for the further pages of an action.

    Args:
        runtime: The application.
    """

    def note() -> None:
        Notes.of(runtime).wanted = True

    return numbered_surfaces(
        runtime,
        SURFACE,
        count=lambda action: len(_bindings(action)),
        make=lambda client, number: _Caller(runtime, client, number),
        prepare=note,
    )


class _Caller:
    """Asks for pages of a host that is being served, as a browser does."""

    def __init__(self, runtime: Runtime, client: "httpx.AsyncClient", number: int) -> None:
        self._runtime = runtime
        self._client = client
        self._number = number
        self._notes = Notes.of(runtime)

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        trigger = _bindings(action)[self._number].trigger
        assert isinstance(trigger, WebPageTrigger)  # noqa: S101 - `_bindings` gives these only
        signature = self._runtime.invoker(action.name).signature
        path = trigger.path_for(action)
        sent = request_of(trigger.method, path, signature, params, form=True)
        fields = [_ACCEPT, *sent.fields, *credentials_of(self._runtime, authorization)]
        if action.idempotency:
            fields.append((b"Idempotency-Key", token_hex(16).encode()))
        if not trigger.safe and authorization is None:
            fields += await self._token(sent)
        response = await self._client.request(
            sent.method, sent.target, headers=fields, content=sent.content
        )
        self._client.cookies.clear()
        return _reply(response, self._notes.take(response.headers["x-request-id"].encode()))

    async def _token(self, sent: Sent) -> list[tuple[bytes, bytes]]:
        """The token in the form that the page shows, for who has no other credentials."""
        page = await self._client.get(sent.target, headers=[_ACCEPT, *_cookies(sent)])
        found = _TOKEN.search(page.text)
        return [(HEADER, unescape(found[1]).encode())] if found else []


def _cookies(sent: Sent) -> list[tuple[bytes, bytes]]:
    return [field for field in sent.fields if field[0].lower() == b"cookie"]


def _reply(response: "httpx.Response", note: Note | None) -> Reply:
    """What an answer says, and what its page was made of."""
    if note is not None and note.problem is not None:
        if response.status_code not in (note.problem["status"], HTTPStatus.SEE_OTHER):
            raise _unexpected(response)
        return Reply(problem=note.problem)
    if response.has_redirect_location:
        return Reply({"url": response.headers["location"], "status": response.status_code})
    if note is None or note.model is None or not response.is_success:
        raise _unexpected(response)
    directives = response.headers.get("cache-control", "").split(", ")
    ages = [int(one.partition("=")[2]) for one in directives if one.startswith("max-age=")]
    return Reply(
        json.loads(note.model),
        max_age=ages[0] if ages and not note.is_personal else None,
        private="private" in directives,
    )


def _unexpected(response: "httpx.Response") -> AssertionError:
    return AssertionError(f"{response.request.method} {response.url} answered {response!r}.")


def _bindings(action: Action) -> list[Binding]:
    """An action's bindings to pages; first those that only read."""
    triggers = [one for one in action.triggers if isinstance(one, WebPageTrigger)]
    return [Binding(action, one) for one in sorted(triggers, key=lambda one: not one.safe)]
