"""What things are called in GraphQL: fields in camelCase, types in PascalCase."""

import re
from collections.abc import Iterable

MAX_JOINED = 60
"""How long a name may be that is made of several; beyond it nobody reads it."""

_NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
_NO_ENUM_VALUES = frozenset(("false", "null", "true"))
_BETWEEN_WORDS = re.compile(r"[^0-9A-Za-z]+")
_ID = re.compile(r":[0-9]+")
_WORDS = re.compile(r"\w+")
_SIZES = {"(": 1, "[": 1, ")": -1, "]": -1}


def is_name(text: str) -> bool:
    """Whether a text can name a type, a field or an argument (spec, section 2.1.9).

    Names that begin with `__` are GraphQL's own.
    """
    return _NAME.fullmatch(text) is not None


def is_enum_value(text: str) -> bool:
    """Whether a text can name a value of an enum (spec, section 3.9)."""
    return is_name(text) and text not in _NO_ENUM_VALUES


def camel_case(name: str) -> str:
    """Write `say_hello` or `say-hello` as `sayHello`; the first word stays as it is."""
    word = name.lstrip("_")
    head, *tail = re.split(r"[-_. ]+", word) if word else [""]
    joined = head + "".join(part[:1].upper() + part[1:] for part in tail)
    return name[: len(name) - len(word)] + joined


def pascal_case(name: str) -> str:
    """Write `north-west` or `north_west` as `NorthWest`."""
    return "".join(part[:1].upper() + part[1:] for part in _BETWEEN_WORDS.split(name))


def joined(names: Iterable[str]) -> str:
    """One name for what may be any of several: `BookOrAuthor`."""
    return "Or".join(map(pascal_case, names))


def type_name(ref: str) -> str:
    """The name of a type that pydantic refers to, after those of the types that it is made of.

    Args:
        ref: Such as `shop.Shelf:1402[shop.Book:1388]`, which is `BookShelf`.
    """
    head, bracket, rest = _ID.sub("", ref).partition("[")
    own = _WORDS.findall(head)[-1]
    if not bracket:
        return str(own)
    arguments = _split(rest[: rest.rindex("]")])
    if own == "Annotated":
        return type_name(arguments[0])
    names = [type_name(argument) for argument in arguments]
    if own in ("Optional", "Union"):
        others = [name for name in names if name not in ("None", "NoneType")]
        return ("Optional" if len(others) < len(names) else "") + joined(others)
    return "".join(map(pascal_case, [*names, own]))


def _split(arguments: str) -> list[str]:
    """The parts between the commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in arguments:
        depth += _SIZES.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if _WORDS.search(part)]
