"""Plans for what other plans do not do: forms, redirects, and what an action adds to its response.

They answer for limits and for calls that need not run, too.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
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
from servey_core.access import authorise
from servey_core.stored_replies import ReplayedProblem
from servey_rest.bodies import JSON, Write
from servey_rest.fields import REPLAYED, location, told_fields, with_added
from servey_rest.forms import TakeForm, form_taker
from servey_rest.freshness import NO_STORE, NOT_MODIFIED, cache_fields
from servey_rest.plans import CONTENTLESS, RESET_CONTENT, RestPlan
from servey_rest.readers import form_reader, takes_form
from servey_rest.streaming import Head
from servey_web import (
    Answer,
    ClientDisconnected,
    RawHeaders,
    ResponseCut,
    authorization_of,
    idempotency_key,
    read_body,
    respond,
)

_log = logging.getLogger("servey.rest")


class FullPlan(RestPlan):
    """How one action answers requests of one method and path, whatever it takes."""

    def __init__(self, binding: Binding, runtime: Runtime, in_path: tuple[str, ...]) -> None:
        super().__init__(binding, runtime, in_path)
        self._finish_unhinted = self._compile_finish(hinted=False)
        self._take_form: TakeForm | None = None
        signature = self._invoker.signature
        if takes_form(self._trigger, signature):
            assert self.max_body is not None  # noqa: S101 - a form is a body
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
        await send_whole(self._head(outcome, context, status, fields), content, scope, send)

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

    def _head(self, outcome: Outcome, context: Context, status: int, fields: RawHeaders) -> Head:
        """Status and header fields, with what the action added to them, and what it is told.

        Raises:
            ValueError: It added what it may not.
        """
        fields = [*fields, *told_fields(outcome, context)]
        response = outcome.response
        if response is None:
            return status, fields
        chosen = response.status
        if chosen is not None and not (isinstance(chosen, int) and 200 <= chosen <= 599):  # noqa: PLR2004 - the statuses of responses that are final
            raise ValueError(f"A response's status is 200 to 599, not {chosen!r}.")
        if status == NOT_MODIFIED or chosen is None:
            chosen = status
        return chosen, with_added(fields, response)

    def _hint(self, outcome: Outcome, body: bytes) -> CacheHeaders | None:
        return super()._hint(outcome.value, body)

    def _writer(self) -> tuple[tuple[bytes, bytes], Write]:
        """What writes an outcome, which may have been written before."""
        content_type, write = super()._writer()
        if content_type == JSON:
            return content_type, Outcome.to_json
        return content_type, lambda outcome: write(outcome.value)

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        signature = self._invoker.signature
        if takes_form(self._trigger, signature):
            return form_reader(signature, in_path)
        return super()._reader(in_path)

    def _context(self, scope: Scope, authorization: Authorization | None) -> Context:
        context = super()._context(scope, authorization)
        if self._invoker.action.rate_limits and (client := scope.get("client")):
            context.address = client[0]
        if self._invoker.action.idempotency is not None:
            context.idempotency_key = idempotency_key(scope)
        return context

    def _problem(self, error: ProblemError, scope: Scope) -> Problem:
        problem = super()._problem(error, scope)
        if not isinstance(error, ReplayedProblem):
            return problem
        return replace(problem, headers={**problem.headers, **REPLAYED})

    @asynccontextmanager
    async def _taken(self, scope: Scope, receive: Receive, context: Context) -> AsyncIterator[Any]:
        """What the arguments are read from; who may not call is told so before a form is taken."""
        if self._take_form is not None:
            authorise(self._invoker.action.access_control, context.authorization)
            form = await self._take_form(scope, receive)
            try:
                yield scope, form
            finally:
                form.close()
        elif self.max_body is not None:
            yield scope, await read_body(scope, receive, self.max_body, self._patience)
        else:
            yield scope


def succeeds(outcome: Outcome) -> bool:
    """Whether the status of an outcome leaves its hint and conditions in force (section 13.2.1)."""
    chosen = outcome.response.status if outcome.response else None
    return chosen is None or 200 <= chosen <= 299  # noqa: PLR2004 - the range is the definition


async def send_whole(head: Head, content: bytes, scope: Scope, send: Send) -> None:
    """Send a response in one part, or without its body where it can have none."""
    status, fields = head
    if status in CONTENTLESS:
        content = b""
        fields = [one for one in fields if one[0] not in (b"content-type", b"content-length")]
        if status == RESET_CONTENT:
            fields.append((b"content-length", b"0"))
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
