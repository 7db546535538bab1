"""How one name is written in the worlds it meets: Python, URLs, prose."""

import difflib
import re
from collections.abc import Iterable

CHANNEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
"""What a channel may be called, in code, addresses and documents."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")


def snake_case(name: str) -> str:
    """Write `NumberStats` or `number-stats` as `number_stats`."""
    return "_".join(_words(name))


def kebab_case(name: str) -> str:
    """Write `say_hello` or `SayHello` as `say-hello`."""
    return "-".join(_words(name))


def sentence_case(name: str) -> str:
    """Write `NotFound` or `not_found` as `Not found`."""
    return " ".join(_words(name)).capitalize()


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Suggest the nearest of `choices`, or list them; empty where there are none."""
    known = sorted(choices)
    if near := nearest(name, known):
        return f"Did you mean {near!r}?"
    return f"Known: {', '.join(known)}." if known else ""


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that `name` may be a misspelling of."""
    return next(iter(difflib.get_close_matches(name, sorted(choices), n=1)), None)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
