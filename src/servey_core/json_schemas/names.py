"""What the schemas of types are called: names that are their own, whatever other types there are.

A result of the type `Pet` is a `Pet`; what is sent to make one is a `Pet` too where the two look
the same, and a `PetInput` where they do not. `Page[Pet]` is a `PetPage`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pydantic.json_schema import JsonSchemaMode

from servey_core.json_schemas.generator import COMING_OUT, GOING_IN

Names = dict[tuple[str, JsonSchemaMode], str]

_INPUT, _OUTPUT = "Input", "Output"
_ID = re.compile(r":[0-9]+")
_QUALIFIER = re.compile(r"(?:[\w<>]+\.)+")
_SUBSCRIPTED = re.compile(r"(\w+)\[([^\[\]]*)\]")
_UNFIT = re.compile(r"[^a-zA-Z0-9._-]")


def schema_names(types: Mapping[str, bool], reserved: Iterable[str]) -> Names:
    """A name for each type and direction.

    Args:
        types: Pydantic's references to the types, and whether each looks the same both ways.
        reserved: Names that no type may have.
    """
    bases = _bases(list(types), frozenset(reserved))
    taken = {*bases.values(), *reserved}
    names: Names = {}
    for ref, alike in types.items():
        base = bases[ref]
        into = out = base
        if not alike and base.endswith(_INPUT):
            out = _free(base + _OUTPUT, ref, taken)
        elif not alike:
            into = _free(base + _INPUT, ref, taken)
        names[ref, GOING_IN], names[ref, COMING_OUT] = into, out
    return names


def _bases(refs: list[str], reserved: frozenset[str]) -> dict[str, str]:
    """The shortest name that is a type's alone; with its module where another has the name too."""
    counts = Counter(map(_short, refs))
    bases: dict[str, str] = {}
    for ref in refs:
        name = _short(ref)
        if counts[name] > 1 or name in reserved:
            name = _qualified(name, ref)
        while name in bases.values():
            name = _next(name)
        bases[ref] = name
    return bases


def _free(name: str, ref: str, taken: set[str]) -> str:
    if name in taken and "." not in name:
        name = _qualified(name, ref)
    while name in taken:
        name = _next(name)
    taken.add(name)
    return name


def _next(name: str) -> str:
    base, dash, number = name.rpartition("-")
    return f"{base}-{int(number) + 1}" if dash else f"{name}-2"


def _short(ref: str) -> str:
    """The type's name, after those of the types that it is made of."""
    text = _QUALIFIER.sub("", _ID.sub("", ref))
    while found := _SUBSCRIPTED.search(text):
        words = [*re.findall(r"\w+", found[2]), found[1]]
        joined = "".join(word[0].upper() + word[1:] for word in words)
        text = text[: found.start()] + joined + text[found.end() :]
    return _UNFIT.sub("_", text)


def _qualified(name: str, ref: str) -> str:
    module = ref.partition("[")[0].rpartition(".")[0]
    return _UNFIT.sub("_", f"{module.replace('<locals>.', '').replace('.<locals>', '')}.{name}")
