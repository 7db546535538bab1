"""One plan for each web trigger: all that can be known at start-up is, and the rest is short."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.types import Receive, Scope, Send

from servey_core import Binding, Context, Invoker, ProblemError, Runtime
from servey_core.triggers import WebTrigger
from servey_rest.bodies import body_writer, is_sent_whole
from servey_web import (
    CONTENTLESS,
    NO_STORE,
    ActionPlan,
    Answer,
    authorization_of,
    body_reader,
    headers_of,
    length_field,
    query_reader,
    read_body,
    respond,
    takes_form,
    with_hint,
)

Headers = dict[bytes, bytes]

SURFACE = "rest"
"""The name of the surface."""


def web_bindings(runtime: Runtime) -> Iterator[Binding]:
    """The bindings that are served here."""
    return (one for one in runtime.bindings if isinstance(one.trigger, WebTrigger))


class RestPlan(ActionPlan):
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

    surface = SURFACE

    def __init__(self, binding: Binding, runtime: Runtime, in_path: tuple[str, ...]) -> None:
        super().__init__(binding, runtime)
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these
        signature, trigger = self._invoker.signature, binding.trigger
        self._takes_form = takes_form(trigger.method, signature, form=trigger.form)
        self._read = self._reader(in_path)
        self._content_type, self._write = self._writer()
        kept_back = (self._invoker.depends_on_caller or self._by_cookie) and not self._hinted
        self._caching = [NO_STORE] if kept_back else []
        if self._vary and not self._hinted:
            self._caching.append((b"vary", b", ".join(self._vary)))
        self.begin = self._compile_begin()
        self.finish = self._compile_finish(hinted=self._hinted)

    @staticmethod
    def suits(binding: Binding, invoker: Invoker) -> bool:
        """Whether nothing is needed that these plans do not do."""
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these
        return (
            invoker.direct
            and is_sent_whole(invoker)
            and not invoker.signature.sets_response
            and binding.trigger.status not in CONTENTLESS
            and not takes_form(binding.trigger.method, invoker.signature, form=binding.trigger.form)
        )

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
        head = [self._content_type, *self._caching]

        def finish(result: Any, scope: Scope) -> Answer:  # noqa: ARG001
            body = write(result)
            return status, [*head, length_field(len(body))], body

        def finish_with_hint(result: Any, scope: Scope) -> Answer:
            answer = finish(result, scope)
            return with_hint(answer, hint_of(result, answer[2]), scope, vary)

        return finish_with_hint if hinted else finish

    def _writer(self) -> tuple[tuple[bytes, bytes], Callable[[Any], bytes]]:
        return body_writer(self._invoker)

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        make: Any = query_reader if self.max_body is None else body_reader
        return make(self._invoker.signature, in_path)  # type: ignore[no-any-return]
