"""Webhooks that others send: verified, once for each message, and then as any call."""

from starlette.types import Receive, Scope, Send

from servey_channels.webhooks.extra import extra
from servey_core import (
    Binding,
    Context,
    Invoker,
    Outcome,
    Runtime,
    WebhookTrigger,
    WebhookVerifier,
)
from servey_core.keyed_calls import by_key
from servey_core.webhook_secrets import revealed
from servey_web import Patience, WebRoute, WebSettings, headers_of, instance_of, read_body

SURFACE = "webhook"
"""What webhooks are called where surfaces are named."""


def webhook_routes(runtime: Runtime) -> list[WebRoute]:
    """A route for each webhook that is received.

    Raises:
        SettingsError: A secret is not known, or what is needed is not installed.
    """
    return [
        WebRoute(
            binding.trigger.path_for(binding.action),
            ("POST",),
            WebhookEndpoint(runtime, binding, binding.trigger),
            (binding,),
        )
        for binding in runtime.bindings
        if isinstance(binding.trigger, WebhookTrigger)
    ]


class WebhookEndpoint:
    """The ASGI application that receives the webhooks of one action.

    Args:
        runtime: The application.
        binding: The action, and its trigger.
        trigger: The trigger.

    Raises:
        SettingsError: A secret is not known, or what is needed is not installed.
    """

    def __init__(self, runtime: Runtime, binding: Binding, trigger: WebhookTrigger) -> None:
        self._runtime = runtime
        self._invoker: Invoker = runtime.invoker(binding.action.name)
        self._authorization = trigger.authorization
        self._verify, self._secrets = _verifier(binding, trigger)
        self._tolerance = trigger.seconds
        settings = runtime.settings.group(WebSettings)
        own = trigger.max_body_bytes
        self._max_body = settings.max_body_bytes if own is None else own
        self._patience = Patience.of(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive one webhook."""
        body = await read_body(scope, receive, self._max_body, self._patience)
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers_of(scope).items()
        }
        message = self._verify(headers, body, self._secrets, self._tolerance)
        client = scope.get("client")
        context = Context(
            self._authorization,
            SURFACE,
            instance_of(scope),
            address=client[0] if client else None,
            idempotency_key=message,
        )
        await self._run(self._arguments(body), context)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _run(self, arguments: bytes, context: Context) -> None:
        invoker = self._invoker

        async def invoke() -> Outcome:
            outcome = await invoker.invoke(invoker.signature.from_json, arguments, context)
            outcome.to_json()  # a result that is not of its type is a failure
            return outcome

        if context.idempotency_key is None or invoker.action.idempotency is not None:
            await invoke()
        else:
            await by_key(invoke, invoker, arguments, context, self._runtime.state)

    def _arguments(self, body: bytes) -> bytes:
        """The action's arguments: the whole event, where there is one parameter."""
        names = list(self._invoker.signature.parameters)
        if len(names) != 1:
            return body
        # What is more than one value leaves as an argument too many, or one that is given twice.
        return b'{"%b":%b}' % (names[0].encode(), body)


def _verifier(binding: Binding, trigger: WebhookTrigger) -> tuple[WebhookVerifier, list[str]]:
    """What verifies, and the secrets.

    Raises:
        SettingsError: A secret is not known, or what is needed is not installed.
    """
    secrets = revealed(trigger.secrets)
    if trigger.verifier is not None:
        return trigger.verifier, secrets
    whose = f"The webhook of {binding.action.name!r} ({binding.action.place})"
    with extra(whose):
        from servey_channels.webhooks.signing import signers_of, verify
    signers_of(secrets, whose)
    return verify, secrets
