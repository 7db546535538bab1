"""The arguments of a job: by name, apart from who calls, and written so that they can be read."""

import inspect
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from pydantic_core import PydanticSerializationError

from servey_core.authorization import Authorization
from servey_core.errors import ActionError, InvalidInput, ProblemError

if TYPE_CHECKING:
    from servey_core.invocation import Invoker
    from servey_core.signatures import Signature

_JOBS = UUID("8b3f0a5e-5a0f-4c39-9c2b-1d1f6f6d2c11")
"""The namespace of the ids that are derived from idempotency keys."""

_MASK = b"**********"
"""What pydantic writes for a secret."""


def by_name(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The arguments of a call, by the function's names; those of a method with its object.

    Raises:
        TypeError: The function does not take as many.
    """
    if inspect.ismethod(function):
        args, function = (function.__self__, *args), function.__func__
    if not args:
        return kwargs
    names = _positional(function)
    if len(args) > len(names):
        raise TypeError(f"{function.__name__}() takes {len(names)} arguments, not {len(args)}.")
    given = dict(zip(names, args, strict=False))
    if twice := given.keys() & kwargs.keys():
        raise TypeError(f"{function.__name__}() is given {twice.pop()!r} twice.")
    return {**given, **kwargs}


@lru_cache(maxsize=1024)
def _positional(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names that arguments without one go to."""
    parameters = inspect.signature(function).parameters.values()
    return tuple(one.name for one in parameters if one.kind is not one.KEYWORD_ONLY)


def apart(
    signature: "Signature", values: Mapping[str, Any], authorization: Authorization | None
) -> tuple[Mapping[str, Any], Authorization | None]:
    """The arguments that a job is sent with, and whom it runs for, where one of them says so."""
    sent = dict(values)
    for name in signature.injected:
        if isinstance(given := sent.get(name), Authorization | None):
            authorization = given or authorization
            sent.pop(name, None)
    for name in signature.responses:
        sent.pop(name, None)
    return sent, authorization


def written(invoker: "Invoker", values: Mapping[str, Any]) -> bytes:
    """Arguments as they are sent; that they can be read again is found out here and now.

    Raises:
        InvalidInput: They are not what the action takes, or JSON cannot hold them.
        ActionError: They are of a type that is read otherwise than it is written.
    """
    signature, action = invoker.signature, invoker.action
    arguments = signature.from_python(values)
    try:
        text = signature.arguments_to_json(arguments)
    except PydanticSerializationError as error:
        raise InvalidInput(f"JSON cannot hold the arguments. {error}") from None
    try:
        again = signature.from_json(text)
    except ProblemError as error:
        fields = "; ".join(f"{one.pointer.lstrip('#/')}: {one.detail}" for one in error.errors)
        reason = f"a job cannot take its arguments, which are written otherwise than read. {fields}"
        raise ActionError(action.name, action.place, reason) from None
    if _MASK in text and again != arguments:
        reason = "a job cannot take a secret, which is masked where it is written."
        raise ActionError(action.name, action.place, reason)
    return text


def named(action: str, authorization: Authorization | None, key: str) -> str:
    """The id of the one job that a caller's key names."""
    who = authorization.subject if authorization else None
    return str(uuid5(_JOBS, json.dumps([action, who, key])))
