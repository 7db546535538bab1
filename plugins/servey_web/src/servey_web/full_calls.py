"""What full plans of all surfaces over HTTP do around a call: limits, keys, forms, responses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.types import Receive, Scope

from servey_core import Context, Invoker, Outcome, Problem, ProblemError
from servey_core.access import authorise
from servey_core.stored_replies import ReplayedProblem
from servey_web.arguments.forms import FormContent, TakeForm
from servey_web.caching.freshness import NOT_MODIFIED
from servey_web.fields import REPLAYED, told_fields, with_added
from servey_web.idempotency_keys import idempotency_key
from servey_web.responses import RawHeaders

Head = tuple[int, RawHeaders]
"""A response's status and header fields."""


def in_full(context: Context, invoker: Invoker, scope: Scope) -> Context:
    """A context with what limits and idempotency ask for.

    Raises:
        BadRequest: The idempotency key cannot be read.
    """
    if invoker.action.rate_limits and (client := scope.get("client")):
        context.address = client[0]
    if invoker.action.idempotency is not None:
        context.idempotency_key = idempotency_key(scope)
    return context


@asynccontextmanager
async def taken_form(
    take: TakeForm, invoker: Invoker, context: Context, scope: Scope, receive: Receive
) -> AsyncIterator[FormContent]:
    """The form of a request; who may not call is told so before it is taken.

    Raises:
        ProblemError: The caller may not call, or the form cannot be taken.
    """
    authorise(invoker.action.access_control, context.authorization)
    form = await take(scope, receive)
    try:
        yield form
    finally:
        form.close()


def full_head(outcome: Outcome, context: Context, status: int, fields: RawHeaders) -> Head:
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


def succeeds(outcome: Outcome) -> bool:
    """Whether the status of an outcome leaves its hint and conditions in force (section 13.2.1)."""
    chosen = outcome.response.status if outcome.response else None
    return chosen is None or 200 <= chosen <= 299  # noqa: PLR2004 - the range is the definition


def told_of_replay(problem: Problem, error: ProblemError) -> Problem:
    """A problem that says so where it is what an earlier try came to."""
    if not isinstance(error, ReplayedProblem):
        return problem
    return replace(problem, headers={**problem.headers, **REPLAYED})
