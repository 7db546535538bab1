"""A short name for the arguments of a call, which no other arguments have.

The arguments' form in JSON would not do: it hides secrets, leaves out excluded fields, and writes
`5` for the number as for the member of an `Enum`. What pickle would keep of an object tells all.
"""

import hashlib
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

_PLAIN = frozenset((str, int, float, bool, type(None), bytes))
_NAMED = (type, FunctionType, BuiltinFunctionType, MethodType)


def fingerprint(arguments: Mapping[str, Any]) -> bytes:
    """The name of arguments, 32 bytes; it is the same in every process.

    Equal arguments may differ in it, such as the same moment in two zones: a function may tell
    them apart.

    Args:
        arguments: The arguments of a call, read and checked.

    Raises:
        TypeError: An argument holds something that has no state to compare, such as an open file.
    """
    return hashlib.blake2b(_encoded(sorted(arguments.items())), digest_size=32).digest()


def _encoded(value: Any) -> bytes:
    """The value's type and state, with its length in front, so that parts cannot run together."""
    kind = type(value)
    if kind in _PLAIN:
        body = value if kind is bytes else repr(value).encode()
    elif kind is dict:
        body = b"".join(_encoded(key) + _encoded(member) for key, member in value.items())
    elif kind in (list, tuple):
        body = b"".join(map(_encoded, value))
    elif kind in (set, frozenset):
        body = b"".join(sorted(map(_encoded, value)))
    elif isinstance(value, _NAMED):
        body = f"{value.__module__}:{value.__qualname__}".encode()
    else:
        body = _encoded(value.__reduce_ex__(4))
    return b"%b %d %b" % (kind.__name__.encode(), len(body), body)
