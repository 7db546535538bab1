"""Plans for what other plans do not do: forms, redirects, and what an action adds to its response.

They answer for limits and for calls that need not run, too.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from servey_core import (
    Authorization,
    Binding,
    CacheHeaders,
    Context,
    Outcome,
    Problem,
    ProblemError,
    Redirect,
    Runtime,
)
from servey_rest.bodies import JSON, Write
from servey_rest.plans import RestPlan
from servey_web import (
    CONTENTLESS,
    NO_STORE,
    Answer,
    ClientDisconnected,
    Head,
    ResponseCut,
    TakeForm,
    authorization_of,
    cache_fields,
    form_reader,
    form_taker,
    full_head,
    in_full,
    location,
    read_body,
    respond,
    succeeds,
    taken_form,
    told_of_replay,
    without_content,
)

_log = logging.getLogger("servey.rest")


class FullPlan(RestPlan):
    """How one action answers requests of one method and path, whatever it takes."""

    def __init__(self, binding: Binding, runtime: Runtime, in_path: tuple[str, ...]) -> None:
        super().__init__(binding, runtime, in_path)
        self._finish_unhinted = self._compile_finish(hinted=False)
        self._take_form: TakeForm | None = None
        if self._takes_form:
            assert self.max_body is not None  # noqa: S101 - a form is a body
            signature = self._invoker.signature
            self._take_form = form_taker(signature, self.max_body, self._patience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        sending = _Sending(send)
        try:
            context = self._context(scope, authorization_of(scope, self._authorizer))
            async with self._taken(scope, receive, context) as raw:
                outcome = await self._invoker.invoke(self._read, raw, context)
                try:
                    await self._answer(outcome, context, scope, receive, sending)
                except (ProblemError, ClientDisconnected):
                    raise
                except Exception as error:
                    raise outcome.failure(error) from error
        except ProblemError as error:
            if sending.begun:
                _log.info("cut the response of %s: %s", self._invoker.action.name, error)
                raise ResponseCut from error
            await respond(send, self._problem(error, scope))

    async def _answer(
        self,
        outcome: Outcome,
        context: Context,
        scope: Scope,
        receive: Receive,  # noqa: ARG002 - others look whether the caller is there
        send: Send,
    ) -> None:
        """Send an outcome."""
        status, fields, content = self._whole(outcome, scope)
        await send_whole(full_head(outcome, context, status, fields), content, scope, send)

    def _whole(self, outcome: Outcome, scope: Scope) -> Answer:
        value = outcome.value
        if isinstance(value, Redirect):
            fields = [*self._caching, location(value.url), (b"content-length", b"0")]
            if self._hinted and (hint := self._hint(outcome, outcome.to_json())):
                fields += cache_fields(hint, self._vary)
            return value.status, fields, b""
        if not self._hinted or succeeds(outcome):
            return self.finish(outcome, scope)
        status, fields, content = self._finish_unhinted(outcome, scope)
        return status, [*fields, NO_STORE], content

    def _hint(self, outcome: Outcome, body: bytes) -> CacheHeaders | None:
        return super()._hint(outcome.value, body)

    def _writer(self) -> tuple[tuple[bytes, bytes], Write]:
        """What writes an outcome, which may have been written before."""
        content_type, write = super()._writer()
        if content_type == JSON:
            return content_type, Outcome.to_json
        return content_type, lambda outcome: write(outcome.value)

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        if self._takes_form:
            return form_reader(self._invoker.signature, in_path)
        return super()._reader(in_path)

    def _context(self, scope: Scope, authorization: Authorization | None) -> Context:
        return in_full(super()._context(scope, authorization), self._invoker, scope)

    def _problem(self, error: ProblemError, scope: Scope) -> Problem:
        return told_of_replay(super()._problem(error, scope), error)

    @asynccontextmanager
    async def _taken(self, scope: Scope, receive: Receive, context: Context) -> AsyncIterator[Any]:
        """What the arguments are read from; who may not call is told so before a form is taken."""
        if self._take_form is not None:
            taken = taken_form(self._take_form, self._invoker, context, scope, receive)
            async with taken as form:
                yield scope, form
        elif self.max_body is not None:
            yield scope, await read_body(scope, receive, self.max_body, self._patience)
        else:
            yield scope


async def send_whole(head: Head, content: bytes, scope: Scope, send: Send) -> None:
    """Send a response in one part, or without its body where it can have none."""
    status, fields = head
    if status in CONTENTLESS:
        content, fields = b"", without_content(fields, status)
    await send({"type": "http.response.start", "status": status, "headers": fields})
    body = b"" if scope["method"] == "HEAD" else content
    await send({"type": "http.response.body", "body": body})


class _Sending:
    """A request's `send`, which knows whether it has been used."""

    __slots__ = ("_send", "begun")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        try:
            await self._send(message)
        except OSError as error:  # with which servers say so
            raise ClientDisconnected from error
