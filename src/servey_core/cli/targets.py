"""What the words after `servey serve` mean: services, or modules of actions."""

import importlib.util
import sys
from collections.abc import Collection, Iterable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

import click


def is_module(word: str) -> bool:
    """Whether a word names a module of actions: a path, a dotted name, or one that can be found."""
    if any(mark in word for mark in "./\\"):
        return True
    if word in sys.stdlib_module_names:
        return False
    spec = PathFinder.find_spec(word, [str(Path.cwd())]) or _installed(word)
    return spec is not None and (spec.origin is not None or _has_modules(spec))


def pick(words: Iterable[str], named: Iterable[str], services: Collection[str]) -> list[str]:
    """The names of the services that are meant; all of them where none is.

    Args:
        words: Words that are services or modules.
        named: The names of services, said to be such.
        services: The services that there are.

    Raises:
        click.UsageError: A word is neither, or is both.
    """
    picked = [word for word in words if _is_service(word, services)]
    for name in named:
        if name not in services:
            raise click.UsageError(f"There is no service {name!r}. {_known(services)}")
        picked.append(name)
    return list(dict.fromkeys(picked)) or list(services)


def _is_service(word: str, services: Collection[str]) -> bool:
    if word in services and is_module(word):
        raise click.UsageError(
            f"{word!r} is both a service and a module. "
            f"Say which: --service {word}, or --actions {word}."
        )
    if word not in services and not is_module(word):
        raise click.UsageError(
            f"{word!r} is neither a service nor a module (looked in {Path.cwd()}). "
            f"{_known(services)}"
        )
    return word in services


def _known(services: Collection[str]) -> str:
    return f"Services: {', '.join(sorted(services))}."


def _installed(word: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(word)
    except ValueError:  # it is loaded already, in an unusual way, such as `__main__`
        return None


def _has_modules(spec: ModuleSpec) -> bool:
    """Whether a folder without `__init__.py` has modules in it, and not just any files."""
    return any(any(Path(place).glob("*.py")) for place in spec.submodule_search_locations or ())
