"""One plan for each web trigger: all that can be known at start-up is, and the rest is short."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope, Send

from servey_core import (
    Authorization,
    Binding,
    CacheHeaders,
    Context,
    Invoker,
    Problem,
    ProblemError,
    Runtime,
)
from servey_core.triggers import WebTrigger
from servey_rest.bodies import body_writer, is_sent_whole
from servey_rest.freshness import NO_STORE, NOT_MODIFIED, with_hint
from servey_rest.headers import in_headers
from servey_rest.readers import BODILESS, body_reader, query_reader, takes_form
from servey_web import (
    Answer,
    Patience,
    authorization_of,
    headers_of,
    instance_of,
    read_body,
    respond,
    web_settings,
)

Headers = dict[bytes, bytes]

SURFACE = "rest"
"""The name of the surface."""

_LENGTHS = [(b"content-length", b"%d" % number) for number in range(4096)]
"""The field for most bodies; making it anew takes longer than the rest of the head."""
NO_CONTENT = 204
RESET_CONTENT = 205
CONTENTLESS = (NO_CONTENT, RESET_CONTENT, NOT_MODIFIED)
"""Statuses of responses without a body (RFC 9110, section 6.4.1)."""


def web_bindings(runtime: Runtime) -> Iterator[Binding]:
    """The bindings that are served here."""
    return (one for one in runtime.bindings if isinstance(one.trigger, WebTrigger))


class RestPlan:
    """How one action answers requests of one method and path.

    It is a `DirectEndpoint`, and an ASGI application that answers the same.

    Args:
        binding: The action and its trigger.
        runtime: The application.
        in_path: The parameters that stand in the path.

    Attributes:
        max_body: The largest body, in bytes; None where none is taken.
        begin: Starts the action, whose arguments are in the request.
        finish: Makes an answer of the action's result.
    """

    def __init__(self, binding: Binding, runtime: Runtime, in_path: tuple[str, ...]) -> None:
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these
        self._trigger = trigger = binding.trigger
        self._runtime = runtime
        self._invoker = invoker = runtime.invoker(binding.action.name)
        settings = web_settings(runtime)
        self._patience = Patience.of(settings)
        self.max_body = None if trigger.method in BODILESS else settings.max_body_bytes
        if trigger.max_body_bytes is not None and self.max_body is not None:
            self.max_body = trigger.max_body_bytes
        self._authorizer = runtime.authorizer
        self._read = self._reader(in_path)
        self._content_type, self._write = self._writer()
        self._hinted = hinted = trigger.safe and binding.action.cache_control is not None
        places = in_headers(invoker.signature)
        self._vary = tuple(name.lower().encode("ascii") for name in places.vary)
        self._by_cookie = bool(places.cookies)
        kept_back = (invoker.depends_on_caller or self._by_cookie) and not hinted
        self._caching = [NO_STORE] if kept_back else []
        if self._vary and not hinted:
            self._caching.append((b"vary", b", ".join(self._vary)))
        self.begin = self._compile_begin()
        self.finish = self._compile_finish(hinted=hinted)

    @staticmethod
    def suits(binding: Binding, invoker: Invoker) -> bool:
        """Whether nothing is needed that these plans do not do."""
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these
        return (
            invoker.direct
            and is_sent_whole(invoker)
            and not invoker.signature.responses
            and binding.trigger.status not in CONTENTLESS
            and not takes_form(binding.trigger, invoker.signature)
        )

    def failure(self, error: Exception, scope: Scope) -> ProblemError:
        """What the caller is told of what the action's author did not foresee."""
        return self._invoker.failure(error, self._context(scope, None))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = b""
            if self.max_body is not None:
                body = await read_body(scope, receive, self.max_body, self._patience)
            status, fields, content = await self._run(scope, body)
        except ProblemError as error:
            await respond(send, self._problem(error, scope))
            return
        content = b"" if scope["method"] == "HEAD" else content
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    async def _run(self, scope: Scope, body: bytes) -> Answer:
        try:
            return self.finish(await self.begin(scope, headers_of(scope), body), scope)
        except ProblemError:
            raise
        except Exception as error:
            raise self.failure(error, scope) from error

    def _compile_begin(self) -> Callable[[Scope, Headers, bytes], Awaitable[Any]]:
        start, authorizer = self._invoker.starter(self._read), self._authorizer
        takes_body, uses_context = self.max_body is not None, self._invoker.uses_context
        context_of, nobody = self._context, Context()

        def begin(scope: Scope, headers: Headers, body: bytes) -> Awaitable[Any]:
            authorization = None
            if b"authorization" in headers:
                authorization = authorization_of(scope, authorizer)
            context = context_of(scope, authorization) if uses_context else nobody
            return start((scope, body) if takes_body else scope, context)

        return begin

    def _compile_finish(self, *, hinted: bool) -> Callable[[Any, Scope], Answer]:
        write, status, vary, hint_of = self._write, self._trigger.status, self._vary, self._hint
        head, lengths, most = [self._content_type, *self._caching], _LENGTHS, len(_LENGTHS)

        def finish(result: Any, scope: Scope) -> Answer:  # noqa: ARG001
            body = write(result)
            length = len(body)
            return status, [*head, lengths[length] if length < most else _length(length)], body

        def finish_with_hint(result: Any, scope: Scope) -> Answer:
            answer = finish(result, scope)
            return with_hint(answer, hint_of(result, answer[2]), scope, vary)

        return finish_with_hint if hinted else finish

    def _hint(self, result: Any, body: bytes) -> CacheHeaders | None:
        hint = self._invoker.cache_headers(result, body)
        return replace(hint, private=True) if hint and self._by_cookie else hint

    def _writer(self) -> tuple[tuple[bytes, bytes], Callable[[Any], bytes]]:
        return body_writer(self._invoker)

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        make: Any = query_reader if self.max_body is None else body_reader
        return make(self._invoker.signature, in_path)  # type: ignore[no-any-return]

    def _context(self, scope: Scope, authorization: Authorization | None) -> Context:
        return Context(authorization, SURFACE, instance_of(scope))

    def _problem(self, error: ProblemError, scope: Scope) -> Problem:
        development = self._runtime.settings.core.development
        return Problem.of(error, instance=instance_of(scope), development=development)


def _length(length: int) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % length
