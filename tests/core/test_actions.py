"""The decorator: what it attaches, and what it refuses."""

import inspect

import pytest

from servey_core import (
    WEB_GET,
    WEB_POST,
    Action,
    ActionError,
    Example,
    WebTrigger,
    action,
    action_of,
)


def test_bare_decorator_returns_the_very_function() -> None:
    def say_hello(name: str) -> str:
        """Greet a user!"""
        return f"Hello {name}!"

    decorated = action(say_hello)

    assert decorated is say_hello
    assert decorated("World") == "Hello World!"
    known = action_of(decorated)
    assert isinstance(known, Action)
    assert (known.name, known.description, known.triggers) == ("say_hello", "Greet a user!", ())


def test_one_trigger_or_several() -> None:
    @action(triggers=WEB_GET)
    def one() -> None: ...

    @action(triggers=[WEB_GET, WEB_POST])
    def two() -> None: ...

    assert action_of(one).triggers == (WEB_GET,)  # type: ignore[union-attr]
    assert action_of(two).triggers == (WEB_GET, WEB_POST)  # type: ignore[union-attr]


def test_a_coroutine_function_stays_one() -> None:
    @action
    async def later() -> int:
        return 1

    assert inspect.iscoroutinefunction(later)
    assert action_of(later).is_async  # type: ignore[union-attr]


def test_a_method_is_named_for_its_owner() -> None:
    class NumberStats:
        @action
        def factorial(self) -> int:
            return 1

        @action(name="half_of_it")
        def half(self) -> int:
            return 1

    factorial, half = action_of(NumberStats.factorial), action_of(NumberStats.half)
    assert factorial is not None
    assert half is not None
    assert factorial.owned_by(NumberStats).name == "number_stats_factorial"
    assert half.owned_by(NumberStats).name == "half_of_it"


def test_place_is_the_file_and_line_of_the_function() -> None:
    @action
    def here() -> None: ...

    file, _, line = action_of(here).place.rpartition(":")  # type: ignore[union-attr]
    assert file == __file__
    assert int(line) == here.__code__.co_firstlineno


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"name": "say-hello"}, "identifier"),
        ({"timeout": 0}, "above 0"),
        ({"timeout": 1, "sync_to_thread": False}, "only in a thread"),
        ({"examples": [Example("a"), Example("a")]}, "'a'"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(
    options: dict[str, object], reason: str
) -> None:
    def f() -> None: ...

    with pytest.raises(ActionError, match=reason) as caught:
        action(**options)(f)  # type: ignore[call-overload]
    assert f"{__file__}:" in str(caught.value)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="below @staticmethod"):
        action(staticmethod(lambda: None))


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [("get", None, "capitals"), ("GET", "books", "slash")],
)
def test_a_web_trigger_refuses_nonsense(method: str, path: str | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        WebTrigger(method, path)
