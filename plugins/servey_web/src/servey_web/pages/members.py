"""What a value of an annotated type has: the type of each attribute, as far as it can be told."""

import dataclasses
import dis
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from servey_web.pages.kinds import MISSING, UNKNOWN, alternatives, is_class, may_wait, value

_NEVER_WAIT = frozenset(("builtins", "datetime", "decimal"))
"""Modules of types whose methods give what is there at once."""


@dataclass(frozen=True)
class Method:
    """The type of a method.

    Attributes:
        function: The function.
    """

    function: Callable[..., Any]

    @property
    def result(self) -> Any:
        """The type of what it gives."""
        return _hints(self.function).get("return", UNKNOWN)

    @property
    def waits(self) -> bool:
        """Whether what it gives may have to be waited for."""
        if not inspect.isfunction(self.function):
            return False  # it is one of Python's own types'
        undecorated = inspect.unwrap(self.function)
        return inspect.iscoroutinefunction(undecorated) or may_wait(self.result)


def member(annotation: Any, name: str) -> Any:
    """The type of an attribute; `UNKNOWN`, or `MISSING` where no value of the type has it."""
    found = [_member_of_one(one, name) for one in alternatives(annotation)]
    if not found or UNKNOWN in found:
        return UNKNOWN
    there = [one for one in found if one is not MISSING]
    if not there:
        return MISSING
    return there[0] if len(there) == 1 else _union(there)


def member_names(annotation: Any) -> list[str]:
    """The public attributes that values of a type have."""
    names: set[str] = set()
    for one in alternatives(annotation):
        owner = get_origin(one) or one
        names.update(_hints(owner), dir(owner))
    hidden = dir(BaseModel) if any(map(_is_model, alternatives(annotation))) else ()
    return sorted(name for name in names if not name.startswith("_") and name not in hidden)


def _member_of_one(annotation: Any, name: str) -> Any:
    owner = get_origin(annotation) or annotation
    if not (dataclasses.is_dataclass(owner) or _is_model(owner)):
        declared = inspect.getattr_static(owner, name, None)
        is_known = getattr(owner, "__module__", "") in _NEVER_WAIT and callable(declared)
        if is_known:
            return Method(declared)
        return value(annotation) if owner is dict else UNKNOWN  # of a dict, it is an item
    assert isinstance(owner, type)  # noqa: S101 - it is a dataclass or a model
    found = _declared(owner, name)
    if found is MISSING and _may_have_more(owner, name):
        return UNKNOWN
    return _filled_in(found, owner, get_args(annotation))


def _declared(owner: type, name: str) -> Any:
    declared = inspect.getattr_static(owner, name, MISSING)
    if isinstance(declared, property):
        return _hints(declared.fget).get("return", UNKNOWN)
    if isinstance(declared, cached_property):
        return _hints(declared.func).get("return", UNKNOWN)
    if inspect.isfunction(declared):
        return Method(declared)
    hints = _hints(owner)
    if name in hints:
        return hints[name]
    return MISSING if declared is MISSING else UNKNOWN


def _may_have_more(owner: type, name: str) -> bool:
    """Whether its values may have what it does not declare."""
    if hasattr(owner, "__getitem__") or "" in _hints(owner):
        return True
    if _is_model(owner):
        if owner.model_config.get("extra") == "allow":  # type: ignore[attr-defined]
            return True
        looks_up = inspect.getattr_static(owner, "__getattr__", None)
        if looks_up is not inspect.getattr_static(BaseModel, "__getattr__", None):
            return True
    elif hasattr(owner, "__getattr__") or _is_set_in(owner, name):
        return True
    known: list[type] = type.__subclasses__(owner)
    return any(_declared(one, name) is not MISSING or _may_have_more(one, name) for one in known)


def _is_set_in(owner: type, name: str) -> bool:
    """Whether a method of a class sets an attribute, as `__post_init__` may."""
    return any(
        step.opname == "STORE_ATTR" and step.argval == name
        for kind in owner.__mro__
        for function in vars(kind).values()
        if inspect.isfunction(function)
        for step in dis.get_instructions(function)
    )


def _filled_in(found: Any, owner: type, arguments: tuple[Any, ...]) -> Any:
    """A type with the arguments of a generic class in place of its variables."""
    variables = getattr(owner, "__parameters__", ())
    given = dict(zip(variables, arguments, strict=False))
    if isinstance(found, TypeVar):
        return given.get(found, UNKNOWN)
    inner = getattr(found, "__parameters__", ())
    if not inner or isinstance(found, type) or not all(one in given for one in inner):
        return found
    return found[tuple(given[one] for one in inner)]


@lru_cache(maxsize=512)
def _hints(owner: Any) -> dict[str, Any]:
    """The annotations of a class or function; with the name "" where some cannot be told."""
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception:  # noqa: BLE001 - annotations are any code, which may fail in any way
        return {"": UNKNOWN}


def _union(members: list[Any]) -> Any:
    if any(isinstance(one, Method) for one in members):
        return UNKNOWN
    return Union[tuple(members)]  # noqa: UP007 - it is not written out


def _is_model(kind: Any) -> bool:
    return is_class(kind, BaseModel)
