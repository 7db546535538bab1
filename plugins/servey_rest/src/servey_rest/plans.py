"""One plan for each web trigger: all that can be known at start-up is, and the rest is short."""

from collections.abc import Iterator
from typing import Any

from starlette.types import Receive, Scope, Send

from servey_core import Binding, Context, Invoker, Outcome, Problem, ProblemError, Runtime
from servey_core.errors import ActionError
from servey_core.triggers import WebTrigger
from servey_rest.freshness import NO_STORE, cache_fields, entity_tag, is_current
from servey_rest.paths import check_path, path_of, path_parameters
from servey_rest.readers import BODILESS, body_reader, query_reader
from servey_web import (
    Patience,
    RawHeaders,
    WebRoute,
    authorization_of,
    headers_of,
    instance_of,
    read_body,
    respond,
    web_settings,
)

SURFACE = "rest"
"""The name of the surface."""

_JSON = (b"content-type", b"application/json")


def web_routes(runtime: Runtime) -> list[WebRoute]:
    """A route for each web trigger.

    Raises:
        ActionError: A trigger's path does not fit its action.
    """
    return [_route(binding, runtime) for binding in web_bindings(runtime)]


def web_bindings(runtime: Runtime) -> Iterator[Binding]:
    """The bindings that are served here."""
    return (one for one in runtime.bindings if isinstance(one.trigger, WebTrigger))


class RestPlan:
    """An ASGI endpoint that runs one action for one method and path.

    Args:
        binding: The action and its trigger.
        runtime: The application.
        in_path: The parameters that stand in the path.
    """

    __slots__ = (
        "_authorizer",
        "_cached",
        "_development",
        "_fields",
        "_invoker",
        "_limit",
        "_patience",
        "_read_input",
        "_takes_body",
    )

    def __init__(self, binding: Binding, runtime: Runtime, in_path: tuple[str, ...]) -> None:
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these
        settings = web_settings(runtime)
        self._invoker = runtime.invoker(binding.action.name)
        self._authorizer = runtime.authorizer
        self._development = runtime.settings.core.development
        self._limit = settings.max_body_bytes
        self._patience = Patience.of(settings)
        self._takes_body = binding.trigger.method not in BODILESS
        make_reader: Any = body_reader if self._takes_body else query_reader
        self._read_input = make_reader(self._invoker.signature, in_path)
        self._cached = binding.trigger.safe and binding.action.cache_control is not None
        kept_back = depends_on_caller(self._invoker) and not self._cached
        self._fields = (_JSON, NO_STORE) if kept_back else (_JSON,)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            authorization = authorization_of(scope, self._authorizer)
            raw: Any = scope
            if self._takes_body:
                raw = scope, await read_body(scope, receive, self._limit, self._patience)
            context = Context(authorization, SURFACE, instance_of(scope))
            outcome = await self._invoker.invoke(self._read_input, raw, context)
            status, headers, body = self._answer(outcome, scope)
        except ProblemError as error:
            await respond(send, self._problem(error, scope))
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, outcome: Outcome, scope: Scope) -> tuple[int, RawHeaders, bytes]:
        body = outcome.to_json()
        fields = [*self._fields, (b"content-length", b"%d" % len(body))]
        if self._cached and (hint := outcome.cache_headers()) is not None:
            hints = cache_fields(hint)
            known = headers_of(scope).get(b"if-none-match")
            if known and hint.etag is not None and is_current(known, entity_tag(hint.etag)):
                return 304, hints, b""
            fields += hints
        return 200, fields, b"" if scope["method"] == "HEAD" else body

    def _problem(self, error: ProblemError, scope: Scope) -> Problem:
        return Problem.of(error, instance=instance_of(scope), development=self._development)


def depends_on_caller(invoker: Invoker) -> bool:
    """Whether not everybody gets the same result, or gets one at all."""
    return not invoker.action.access_control.public or bool(invoker.signature.injected)


def _route(binding: Binding, runtime: Runtime) -> WebRoute:
    assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the caller asks for these only
    action, path = binding.action, path_of(binding)
    try:
        in_path = path_parameters(path)
        check_path(path, in_path, action, runtime.invoker(action.name).signature)
        plan = RestPlan(binding, runtime, in_path)
        return WebRoute(path, (binding.trigger.method,), plan, (binding,))
    except ValueError as error:
        raise ActionError(action.name, action.place, str(error)) from None
