"""Plans for actions that give a stream."""

from functools import partial

from starlette.types import Receive, Scope, Send

from servey_core import Authorization, Binding, Context, Outcome, Runtime
from servey_rest.bodies import body_writer
from servey_rest.full_plans import FullPlan, send_whole
from servey_rest.streaming import Parts, choose_framing, departure_of, send_stream
from servey_web import CONTENTLESS, Head, full_head


class StreamPlan(FullPlan):
    """How one action answers requests of one method and path, item by item.

    Raises:
        ValueError: Its trigger's status is one without a body.
    """

    def __init__(self, binding: Binding, runtime: Runtime, in_path: tuple[str, ...]) -> None:
        super().__init__(binding, runtime, in_path)
        _check_has_body(self._trigger.status)
        self._framing = choose_framing(self._invoker.signature, body_writer(self._invoker)[1])

    def _context(self, scope: Scope, authorization: Authorization | None) -> Context:
        context = super()._context(scope, authorization)
        context.streams = True
        return context

    async def _answer(
        self, outcome: Outcome, context: Context, scope: Scope, receive: Receive, send: Send
    ) -> None:
        framing = self._framing(scope)

        def head() -> Head:
            fields = [*self._caching, *framing.fields]
            status, fields = full_head(outcome, context, self._trigger.status, fields)
            _check_has_body(status)
            return status, fields

        if scope["method"] == "HEAD":
            await outcome.value.aclose()
            await send_whole(head(), b"", scope, send)
            return
        departure, show = departure_of(scope, receive), partial(self._problem, scope=scope)
        await send_stream(outcome, framing, Parts(send, head), departure, show)


def _check_has_body(status: int) -> None:
    if status in CONTENTLESS:
        raise ValueError(f"a stream needs a body, and a response with status {status} has none.")
