"""Does an example hold on a surface? If not, say how in a few lines."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticSerializationError

from servey_core.errors import ProblemError
from servey_core.examples import UNSPECIFIED
from servey_core.surfaces import Caller, Reply
from servey_core.testing.cases import Case
from servey_core.testing.comparing import WHOLE, difference
from servey_core.testing.failing import ExampleFailed, described_problem, shown


async def check(case: Case, caller: Caller, reference: Caller) -> None:
    """Call the action as the example says, and compare what comes of it.

    Results are compared as JSON values, problems by their type and status. A caching hint, where
    the surface reports one, must be that of the function itself.

    Args:
        case: What to check.
        caller: Calls actions through the case's surface.
        reference: Calls actions through the function surface.

    Raises:
        ExampleFailed: The example does not hold.
    """
    try:
        case.params, case.result  # noqa: B018 - they may have no form in JSON
    except PydanticSerializationError as error:
        raise _failed(case, f"the example cannot be written as JSON: {error}") from None
    reply = await caller(case.action, case.params, case.example.authorization)
    _check_outcome(case, reply)
    if reply.max_age is not None and caller is not reference:
        told = await reference(case.action, case.params, case.example.authorization)
        _check_hint(case, reply, told)


def _check_outcome(case: Case, reply: Reply) -> None:
    expected = case.example.raises
    if expected is not None:
        if _problem_kind(reply.problem) != (expected.type, expected.status):
            raise _unexpected(case, _describe_class(expected), reply)
    elif reply.problem is not None:
        raise _unexpected(case, _expected_result(case), reply)
    elif place := _difference(case, reply):
        raise _unexpected(case, _expected_result(case), reply, place)


def _difference(case: Case, reply: Reply) -> str | None:
    if case.example.result is UNSPECIFIED:
        return None
    return difference(case.result, reply.result)


def _check_hint(case: Case, reply: Reply, told: Reply) -> None:
    if (reply.max_age, reply.private) != (told.max_age, told.private):
        raise _failed(
            case,
            "the caching hint differs from the function's",
            f"expected  {_describe_hint(told)}",
            f"got       {_describe_hint(reply)}",
        )


def _unexpected(case: Case, expected: str, reply: Reply, place: str = WHOLE) -> ExampleFailed:
    got = shown(reply.result) if reply.problem is None else described_problem(reply.problem)
    differs = [] if place == WHOLE else [f"differs   at {place}"]
    return _failed(case, f"expected  {expected}", f"got       {got}", *differs)


def _failed(case: Case, *lines: str) -> ExampleFailed:
    head = f"Example {case.example.name!r} of {case.action.name} fails on {case.surface.name}"
    body = [
        f"action    {case.action.place}",
        f"params    {shown(dict(case.example.params))}",
        *lines,
    ]
    return ExampleFailed("\n".join([head, *(f"  {line}" for line in body)]))


def _expected_result(case: Case) -> str:
    return "success" if case.example.result is UNSPECIFIED else shown(case.result)


def _problem_kind(problem: Mapping[str, Any] | None) -> tuple[Any, Any] | None:
    return None if problem is None else (problem.get("type"), problem.get("status"))


def _describe_class(problem: type[ProblemError]) -> str:
    return f"problem {problem.status} {problem.title} ({problem.type})"


def _describe_hint(reply: Reply) -> str:
    return f"max-age {reply.max_age}, {'private' if reply.private else 'public'}"
