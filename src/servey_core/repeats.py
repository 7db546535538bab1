"""Calls that need not run: their results were kept, or were given to an earlier try."""

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from servey_core.files import File
from servey_core.fingerprints import fingerprint
from servey_core.keeping import KeptResults
from servey_core.stored_replies import StoredReply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from servey_core.actions import Action
    from servey_core.contexts import Context
    from servey_core.idempotency import IdempotentCalls
    from servey_core.keeping import ServerCache
    from servey_core.outcomes import Outcome
    from servey_core.signatures import Arguments
    from servey_core.state.store import StateStore

    Answer = Callable[[Arguments, Context], Awaitable[Outcome]]
    Replay = Callable[[StoredReply, Context], Outcome]


def kept(answer: "Answer", rule: "ServerCache", *, by_caller: bool) -> "Answer":
    """Keep what `answer` gives, for the same arguments.

    Args:
        answer: Runs the action.
        rule: How long, and how many.
        by_caller: Whether each caller has results of its own.
    """
    results: KeptResults[Outcome] = KeptResults(rule)

    async def look_up(arguments: "Arguments", context: "Context") -> "Outcome":
        made: list[Outcome] = []

        async def make() -> "Outcome":
            outcome = await answer(arguments, context)
            file = outcome.value
            if isinstance(file, File) and file.path is None:
                outcome.value = copy(file)  # in memory, which nobody closes
                file.apart().close()
            made.append(outcome)
            return outcome

        caller = context.authorization if by_caller else None
        outcome = await results.get((fingerprint(arguments), caller), make)
        return outcome if made else _for_another(outcome)

    return look_up


def _for_another(outcome: "Outcome") -> "Outcome":
    """An outcome without what was meant for the first caller alone."""
    if outcome.response is None or not outcome.response.cookies:
        return outcome
    other = copy(outcome)
    other.response = replace(outcome.response, cookies=[])
    return other


def once(
    answer: "Answer", replay: "Replay", action: "Action", state: "Callable[[], StateStore]"
) -> "Answer":
    """Run a call once for each idempotency key.

    Args:
        answer: Runs the action.
        replay: Makes an outcome of the reply of an earlier call.
        action: The action.
        state: Gives where replies are kept.
    """
    made: list[IdempotentCalls] = []

    def calls() -> "IdempotentCalls":
        if not made:
            from servey_core.idempotency import IdempotentCalls

            assert action.idempotency is not None  # noqa: S101 - that is why this is called
            lingers, rule = action.in_thread, action.idempotency
            made.append(IdempotentCalls(state(), action.name, rule, lingers=lingers))
        return made[0]

    async def run_once(arguments: "Arguments", context: "Context") -> "Outcome":
        outcomes: list[Outcome] = []

        async def execute() -> StoredReply:
            outcomes.append(await answer(arguments, context))
            return StoredReply(outcomes[0].to_json(), outcomes[0].response)

        named = fingerprint(arguments) if context.idempotency_key is not None else b""
        subject = context.authorization.subject if context.authorization else None
        reply, _ = await calls().run(context.idempotency_key, subject or "", named, execute)
        return outcomes[0] if outcomes else replay(reply, context)

    return run_once
