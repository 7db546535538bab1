"""Plans and graphql-core's executor give the same, whatever the schema, the document and the data.

`SERVEY_TEST_EXAMPLES` says how many worlds are tried.
"""

import asyncio
import os

import pytest
from graphql import execute, parse, validate
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from plan_worlds import VALUES, Author, made_world

from servey_graphql.plans import compile_plan

EXAMPLES = int(os.environ.get("SERVEY_TEST_EXAMPLES", "400"))
EVERYWHERE = "@experimental_disableErrorPropagation"


async def planned(plan, values):
    return await plan.execute(values, "context")


async def interpreted(world, document, values):
    result = execute(world.schema, parse(document), context_value="context", variable_values=values)
    if asyncio.iscoroutine(result):
        result = await result
    return result.data, result.errors or []


def told(errors):
    return [(error.message, tuple(error.path or ()), str(error.locations)) for error in errors]


def hiding_place(data, path):
    """The place of the null that hides an error, or None for one that stands at its null."""
    here = data
    for number, key in enumerate(path):
        if here is None:
            return path[:number]
        here = here[key]
    assert here is None, "an error stands at a null"
    return None


# graphql-core leaves coroutines behind where a non-null field fails beside awaited ones.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    derandomize=EXAMPLES == 400,
    suppress_health_check=[*HealthCheck],
)
@given(st.integers(0, 10**9), st.sampled_from([0, 0, 0.02, 0.1, 0.3]), st.booleans(), VALUES)
def test_plans_give_what_graphql_core_gives(seed, faults, waits, values):
    world = made_world(seed, faults, waits=waits)
    text = Author(world, seed).document()
    document = text.replace("DIRECTIVE", " " * len(EVERYWHERE))
    assert not validate(world.schema, parse(document))
    plan = compile_plan(world.schema, parse(document), "Q")
    assert plan is not None

    expected, expected_errors = asyncio.run(interpreted(world, document, values))
    expected_calls = world.calls.copy()
    world.calls.clear()
    shown, errors = asyncio.run(planned(plan, values))

    event(f"waits {world.waits}, errors {bool(errors)}, data {shown is not None}")
    assert repr(shown) == repr(expected)
    if not world.waits:
        assert told(errors) == told(expected_errors)
        assert world.calls == expected_calls
    elif sorted(map(repr, told(errors))) != sorted(map(repr, told(expected_errors))):
        check_errors_that_raced(world, text, values, shown, errors, expected_errors)
    elif not errors:
        assert world.calls == expected_calls


def check_errors_that_raced(world, text, values, shown, errors, expected_errors):
    """Of several errors below one null that they all cause, the first to come is told."""
    everywhere = text.replace("DIRECTIVE", EVERYWHERE)
    _, possible = asyncio.run(interpreted(world, everywhere, values))
    assert set(told(errors)) <= set(told(possible))
    ours = {(hiding_place(shown, path), None) for _, path, _ in told(errors)}
    theirs = {(hiding_place(shown, path), None) for _, path, _ in told(expected_errors)}
    assert ours == theirs
    visible = [each for each in told(errors) if hiding_place(shown, each[1]) is None]
    expected = [each for each in told(expected_errors) if hiding_place(shown, each[1]) is None]
    assert sorted(map(repr, visible)) == sorted(map(repr, expected))
