"""The first surface: the function itself, with nothing around it but its invoker.

It reads JSON like every other surface does, so that an example means the same on all of them. The
bare function, called with Python values, is an ordinary function: test it as such.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from servey_core.contexts import Context
from servey_core.errors import ProblemError
from servey_core.outcomes import Outcome
from servey_core.problems import Problem
from servey_core.surfaces import Caller, Reply, Surface

if TYPE_CHECKING:
    from servey_core.actions import Action
    from servey_core.authorization import Authorization
    from servey_core.runtime import Runtime

FUNCTION = "function"
"""The name of the surface."""


def function_surface(runtime: "Runtime") -> Surface:
    """The surface that every action has."""

    async def call(
        action: "Action", params: Mapping[str, Any], authorization: "Authorization | None"
    ) -> Reply:
        invoker = runtime.invoker(action.name)
        key = token_hex(16) if action.idempotency else None  # it may need one
        context = Context(authorization, FUNCTION, idempotency_key=key)
        text = json.dumps(params).encode()
        try:
            return _reply(await invoker.invoke(invoker.signature.from_json, text, context))
        except ProblemError as error:
            problem = Problem.of(error, instance=context.instance, development=True)
            return Reply(problem=problem.to_dict())

    @asynccontextmanager
    async def opened() -> AsyncIterator[Caller]:
        yield call

    return Surface(FUNCTION, serves=lambda _: True, open=opened)


def _reply(outcome: Outcome) -> Reply:
    result = json.loads(outcome.to_json())
    hint = outcome.cache_headers()
    if hint is None:
        return Reply(result)
    return Reply(result, max_age=hint.max_age, private=hint.private)
