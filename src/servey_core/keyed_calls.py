"""Calls that are run once for each key, where the action itself says nothing of keys."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from servey_core.contexts import Context
from servey_core.idempotency import Idempotency, IdempotentCalls
from servey_core.outcomes import Outcome
from servey_core.stored_replies import StoredReply

if TYPE_CHECKING:
    from servey_core.invocation import Invoker
    from servey_core.state.store import StateStore


async def by_key(
    invoke: Callable[[], Awaitable[Outcome]],
    invoker: "Invoker",
    arguments: bytes,
    context: Context,
    store: "StateStore",
) -> Outcome:
    """Run a call, or give the outcome of the one that its key names, for 24 hours.

    Args:
        invoke: Makes the call.
        invoker: What runs the action.
        arguments: What names the arguments: equal for equal ones.
        context: For whom, on which surface, and by which key; each of the three has its own keys.
        store: Where keys are kept.

    Raises:
        ProblemError: The call does not succeed, or an earlier one with this key has not.
    """
    action, outcomes = invoker.action, list[Outcome]()
    calls = IdempotentCalls(
        store, f"{context.surface}:{action.name}", Idempotency(), lingers=action.in_thread
    )

    async def execute() -> StoredReply:
        outcomes.append(await invoke())
        return StoredReply(outcomes[0].to_json(), outcomes[0].response)

    who = context.authorization.subject if context.authorization else None
    reply, _ = await calls.run(context.idempotency_key, who or "", arguments, execute)
    return outcomes[0] if outcomes else Outcome.of_reply(reply, invoker, context)
