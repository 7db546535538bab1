"""What an example's verdict is, and how it reads."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any

import pytest

from servey_core import (
    ALLOW_AUTHENTICATED,
    Action,
    ActionTimeout,
    Authorization,
    Caller,
    Conflict,
    Example,
    InternalError,
    InvalidInput,
    NotFound,
    ProblemError,
    Reply,
    Runtime,
    Surface,
    TtlCacheControl,
    Unauthorized,
    UnknownNameError,
    action,
    action_of,
    start,
)
from servey_core.testing import Case, ExampleFailed, ExampleRunner, cases_of
from servey_core.testing.comparing import difference

DENIED = tuple(point.name for point in entry_points(group="servey"))


def application(*functions: Callable[..., Any]) -> Runtime:
    found = [one for function in functions if (one := action_of(function))]
    return start(actions=found, given={"plugins_deny": DENIED})


def example_of(function: Callable[..., Any]) -> tuple[Runtime, Sequence[Case]]:
    runtime = application(function)
    return runtime, cases_of(runtime, ["function"])


def verdict(function: Callable[..., Any]) -> str:
    """What is said of a function's one example; empty where it holds."""
    runtime, [case] = example_of(function)
    with ExampleRunner(runtime) as runner:
        try:
            runner.run(case)
        except ExampleFailed as failure:
            return str(failure)
    return ""


@pytest.mark.parametrize(
    ("expected", "got", "place"),
    [
        (1, 1, None),
        (1, 1.0, None),
        (1, True, "#"),
        ("1", 1, "#"),
        (None, None, None),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, None),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "#/a/1/b"),
        ({"a": 1}, {"a": 1, "b": 2}, "#/b"),
        ({"a/b": 1}, {}, "#/a~1b"),
        ([1], [1, 2], "#/1"),
        ([], {}, "#"),
    ],
)
def test_json_values_are_compared_by_member(expected: Any, got: Any, place: str | None) -> None:
    assert difference(expected, got) == place


def test_an_example_that_holds_says_nothing() -> None:
    @action(examples=Example("two", {"number": 2}, 4))
    def double(number: int) -> int:
        return number * 2

    assert not verdict(double)


def test_a_wrong_result_is_shown_in_four_lines() -> None:
    @action(examples=Example("two", {"number": 2}, 5))
    def double(number: int) -> int:
        return number * 2

    place = action_of(double).place  # type: ignore[union-attr]
    assert verdict(double).splitlines() == [
        "Example 'two' of double fails on function",
        f"  action    {place}",
        '  params    {"number":2}',
        "  expected  5",
        "  got       4",
    ]


def test_a_difference_inside_a_result_is_pointed_at() -> None:
    @action(examples=Example("plain", result={"a": [1, 2]}))
    def answer() -> dict[str, list[int]]:
        return {"a": [1, 3]}

    assert verdict(answer).endswith("\n  differs   at #/a/1")


@dataclass
class Meeting:
    at: datetime
    guests: set[str]


NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "result",
    [
        Meeting(NOON, {"b", "a"}),
        {"at": "2024-02-29T12:00:00Z", "guests": ["a", "b"]},
    ],
)
def test_a_result_is_a_value_or_what_it_looks_like_in_json(result: Any) -> None:
    @action(examples=Example("plain", {"at": NOON}, result))
    def meet(at: datetime) -> Meeting:
        return Meeting(at, {"a", "b"})

    assert not verdict(meet)


def test_only_success_is_claimed_where_no_result_is_given() -> None:
    @action(examples=Example("plain"))
    def random() -> float:
        return 0.5

    assert not verdict(random)


def test_none_is_a_result() -> None:
    @action(examples=Example("plain", result=None))
    def random() -> float | None:
        return 0.5

    assert "expected  null\n  got       0.5" in verdict(random)


@pytest.mark.parametrize("problem", [NotFound, Conflict])
def test_the_right_problem_is_expected(problem: type[ProblemError]) -> None:
    @action(examples=Example("plain", raises=NotFound))
    async def find() -> str:
        raise problem("Look elsewhere.", shelf=3)

    text = verdict(find)
    assert ("expected  problem 404 Not found" in text) == (problem is Conflict)
    assert ("got       problem 409 Conflict" in text) == (problem is Conflict)


def test_a_result_where_a_problem_is_expected() -> None:
    @action(examples=Example("plain", raises=NotFound))
    def find() -> str:
        return "here"

    assert 'got       "here"' in verdict(find)


def test_bad_input_is_shown_field_by_field() -> None:
    @action(examples=Example("plain", {"size": "big"}, 1))
    def measure(size: int) -> int:
        return size

    assert "#/size: Input should be a valid integer" in verdict(measure)


def test_an_unforeseen_failure_is_shown_with_its_place() -> None:
    @action(examples=Example("plain", result="never"))
    def fail() -> str:
        raise KeyError("shelf")

    line = fail.__code__.co_firstlineno + 2
    assert f"KeyError: 'shelf' at {__file__}:{line}" in verdict(fail)


def test_a_long_value_is_cut() -> None:
    @action(examples=Example("plain", result=""))
    def talk() -> str:
        return "x" * 5000

    assert len(verdict(talk)) < 1000


def test_an_example_that_json_cannot_carry_is_named() -> None:
    @action(examples=Example("plain", {"thing": object()}, ""))
    def take(thing: str) -> str:
        return thing

    assert "cannot be written as JSON" in verdict(take)


@pytest.mark.parametrize(
    "example",
    [
        Example("somebody", result="ada", authorization=Authorization(subject="ada")),
        Example("nobody", raises=Unauthorized),
        Example("extra", {"x": 1}, raises=InvalidInput, authorization=Authorization()),
    ],
    ids=lambda example: example.name,
)
def test_the_caller_is_who_the_example_says(example: Example) -> None:
    @action(access_control=ALLOW_AUTHENTICATED, examples=example)
    def who(authorization: Authorization) -> str | None:
        return authorization.subject

    assert not verdict(who)


def test_a_time_limit_holds() -> None:
    @action(timeout=0.01, examples=Example("late", raises=ActionTimeout))
    async def wait() -> None:
        await asyncio.Event().wait()

    assert not verdict(wait)


def test_an_internal_error_may_be_expected() -> None:
    @action(examples=Example("plain", raises=InternalError))
    def fail() -> str:
        raise ValueError

    assert not verdict(fail)


@dataclass
class Stats:
    value: int

    @action(examples=Example("five", {"self": {"value": 5}}, 10))
    async def double(self) -> int:
        return self.value * 2


def test_a_method_of_a_result_is_called_with_its_object() -> None:
    @action
    def stats(value: int) -> Stats:
        return Stats(value)

    assert [str(case) for case in example_of(stats)[1]] == ["stats_double[five-function]"]
    assert not verdict(stats)


def test_cases_are_in_the_order_of_declaration_and_some_are_left_out() -> None:
    @action(examples=[Example("b"), Example("a"), Example("c", include_in_tests=False)])
    def second() -> None: ...

    @action(examples=Example("z"))
    def first() -> None: ...

    found = cases_of(application(second, first), ["function"])
    assert [str(case) for case in found] == [
        "second[b-function]",
        "second[a-function]",
        "first[z-function]",
    ]


def test_an_unknown_surface_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'function'"):
        cases_of(application(), ["functoin"])


class Recorder:
    """A surface that keeps a diary."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.diary: list[str] = []
        self.tasks: set[asyncio.Task[Any] | None] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Caller]:
        self.diary.append("open")
        self.tasks.add(asyncio.current_task())
        yield self.call
        self.tasks.add(asyncio.current_task())
        self.diary.append("close")

    async def call(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        self.diary.append("call")
        return self.reply


@pytest.fixture
def hinting() -> Iterator[tuple[ExampleRunner, Case]]:
    @action(cache_control=TtlCacheControl(30), examples=Example("plain", result=1))
    def one() -> int:
        return 1

    runtime, [case] = example_of(one)
    with ExampleRunner(runtime) as runner:
        yield runner, case


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(1), ""),
        (Reply(1, max_age=30), ""),
        (Reply(1, max_age=60), "expected  max-age 30, public\n  got       max-age 60, public"),
        (Reply(1, max_age=30, private=True), "got       max-age 30, private"),
    ],
    ids=["none", "same", "longer", "private"],
)
def test_a_surface_hints_as_the_function_does(
    hinting: tuple[ExampleRunner, Case], reply: Reply, says: str
) -> None:
    runner, case = hinting
    surface = Surface("other", serves=lambda _: True, open=Recorder(reply).open)
    try:
        runner.run(replace(case, surface=surface))
        text = ""
    except ExampleFailed as failure:
        text = str(failure)
    assert says in text
    assert bool(says) == bool(text)


def test_a_surface_is_opened_once_and_left_by_the_task_that_entered_it() -> None:
    @action(examples=Example("plain", result=1))
    def one() -> int:
        return 1

    runtime, [case] = example_of(one)
    recorder = Recorder(Reply(1))
    surface = Surface("other", serves=lambda _: True, open=recorder.open)
    with ExampleRunner(runtime) as runner:
        runner.run(replace(case, surface=surface))
        runner.run(replace(case, surface=surface))
    assert recorder.diary == ["open", "call", "call", "close"]
    assert len(recorder.tasks) == 1


def test_a_surface_that_cannot_be_opened_fails_each_of_its_cases() -> None:
    @action(examples=Example("plain"))
    def one() -> int:
        return 1

    @asynccontextmanager
    async def broken() -> AsyncIterator[Caller]:
        raise OSError("no port")
        yield

    runtime, [case] = example_of(one)
    surface = Surface("other", serves=lambda _: True, open=broken)
    with ExampleRunner(runtime) as runner:
        for _ in range(2):
            with pytest.raises(OSError, match="no port"):
                runner.run(replace(case, surface=surface))
        runner.run(case)
