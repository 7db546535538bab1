"""The types of what a template's expressions give, as far as annotations tell them.

A name counts only where one place of the template gives it a value: which of several it was, the
text alone does not tell.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from jinja2 import nodes

from servey_web.pages.graphs import Graph
from servey_web.pages.kinds import MISSING, UNKNOWN, alternatives, item, value
from servey_web.pages.members import Method, member
from servey_web.pages.sources import Source

_TEXTS = frozenset(
    (
        *("capitalize", "center", "e", "escape", "format"),
        *("lower", "title", "trim", "truncate", "upper"),
    )
)
"""Filters that give a text."""
_SAME = frozenset(
    (
        *("default", "d", "list", "reject", "rejectattr"),
        *("reverse", "select", "selectattr", "sort", "unique"),
    )
)
"""Filters that give the same type as they are given."""
_ITEMS = frozenset(("first", "last", "random"))
"""Filters that give an item."""


class TypedSource:
    """One template's expressions with their types.

    Args:
        source: The template.
        known: The types of what it is given.
    """

    def __init__(self, source: Source, known: Mapping[str, Any]) -> None:
        self._known = known
        self._bound: dict[str, list[Callable[[], Any]]] = {}
        self._types: dict[int, Any] = {}
        for name, found in _bindings(source, self):
            self._bound.setdefault(name, []).append(found)

    def of(self, node: nodes.Node) -> Any:
        """The type of an expression; `UNKNOWN`, or `MISSING` for an attribute that is not there."""
        key = id(node)
        if key not in self._types:
            self._types[key] = UNKNOWN  # for a name that is defined by itself
            self._types[key] = self._look(node)
        return self._types[key]

    def is_bound(self, name: str) -> bool:
        """Whether the template itself gives a name a value."""
        return name in self._bound

    def _look(self, node: nodes.Node) -> Any:
        look = _LOOKS.get(type(node))
        return _WRITTEN.get(type(node), UNKNOWN) if look is None else look(self, node)

    def _name(self, node: nodes.Name) -> Any:
        name = node.name
        bound = self._bound.get(name)
        if bound is None:
            return self._known.get(name, UNKNOWN)
        return bound[0]() if len(bound) == 1 and name not in self._known else UNKNOWN

    def _after(self, node: nodes.Node, go_on: Callable[[Any], Any]) -> Any:
        owner = self.of(node)
        if owner in (UNKNOWN, MISSING) or isinstance(owner, Method):
            return UNKNOWN
        return go_on(owner)

    def _getattr(self, node: nodes.Getattr) -> Any:
        return self._after(node.node, lambda owner: member(owner, node.attr))

    def _getitem(self, node: nodes.Getitem) -> Any:
        is_slice = isinstance(node.arg, nodes.Slice)
        return self._after(node.node, lambda owner: owner if is_slice else value(owner))

    def _call(self, node: nodes.Call) -> Any:
        if isinstance(node.node, nodes.Name) and node.node.name == "range":
            return UNKNOWN if self.is_bound("range") else list[int]
        called = self.of(node.node)
        if not isinstance(called, Method):
            return UNKNOWN
        if isinstance(node.node, nodes.Getattr):
            kept = _of_dict(self.of(node.node.node), node.node.attr)
            return called.result if kept is None else kept
        return called.result

    def _filter(self, node: nodes.Filter) -> Any:
        if node.node is None or node.name in _TEXTS:
            return str
        operand = self.of(node.node)
        if operand in (UNKNOWN, MISSING) or isinstance(operand, Method):
            return UNKNOWN
        if node.name in _SAME:
            return operand
        if node.name in _ITEMS:
            return item(operand)
        return {"length": int, "count": int, "join": str}.get(node.name, UNKNOWN)


def typed_sources(graph: Graph, types: Mapping[str, Any]) -> dict[str, TypedSource]:
    """The expressions of each template with their types, by the templates' names.

    Args:
        graph: The templates.
        types: The types of what they are rendered with; what one of them replaces is not known.
    """
    replaced = frozenset[str]().union(*(source.stored for source in graph.together))
    known = {name: one for name, one in types.items() if name not in replaced}
    return {
        name: TypedSource(source, {} if name in graph.apart else known)
        for name, source in graph.sources.items()
    }


_LOOKS: dict[type[nodes.Node], Callable[[TypedSource, Any], Any]] = {
    nodes.Call: TypedSource._call,  # noqa: SLF001 - it is of this very module
    nodes.Const: lambda _, node: type(node.value),
    nodes.Filter: TypedSource._filter,  # noqa: SLF001
    nodes.Getattr: TypedSource._getattr,  # noqa: SLF001
    nodes.Getitem: TypedSource._getitem,  # noqa: SLF001
    nodes.Name: TypedSource._name,  # noqa: SLF001
}
_WRITTEN: dict[type[nodes.Node], Any] = {
    nodes.Concat: str,
    nodes.Dict: dict[Any, Any],
    nodes.List: list[Any],
    nodes.TemplateData: str,
    nodes.Tuple: list[Any],
}


def _of_dict(owner: Any, method: str) -> Any:
    """What a dict's methods give, which have no annotations."""
    kinds = alternatives(owner)
    if len(kinds) != 1 or (
        kinds[0] is not dict and getattr(kinds[0], "__origin__", None) is not dict
    ):
        return None
    key, held = getattr(kinds[0], "__args__", (Any, Any))
    return {"items": list[tuple[key, held]], "keys": list[key], "values": list[held]}.get(method)  # type: ignore[valid-type]


Found = Iterator[tuple[str, Callable[[], Any]]]


def _bindings(source: Source, types: TypedSource) -> Found:
    """Each name that is given a value, and what tells the type of it."""
    for kind, found in _BINDINGS.items():
        for node in source.all(kind):
            yield from found(node, types)


def _of_for(node: nodes.For, types: TypedSource) -> Found:
    return _targets(node.target, lambda: item(types.of(node.iter)))


def _of_assign(node: nodes.Assign, types: TypedSource) -> Found:
    return _targets(node.target, lambda: types.of(node.node))


def _of_with(node: nodes.With, types: TypedSource) -> Found:
    for target, given in zip(node.targets, node.values, strict=True):
        yield from _targets(target, partial(types.of, given))


def _of_arguments(node: nodes.Macro | nodes.CallBlock, types: TypedSource) -> Found:  # noqa: ARG001
    names = [one.name for one in node.args]
    if isinstance(node, nodes.Macro):
        names.append(node.name)
    return ((name, _unknown) for name in names)


def _of_imported(node: nodes.FromImport, types: TypedSource) -> Found:  # noqa: ARG001
    return ((name if isinstance(name, str) else name[1], _unknown) for name in node.names)


_BINDINGS: dict[type[nodes.Node], Callable[[Any, TypedSource], Found]] = {
    nodes.Assign: _of_assign,
    nodes.AssignBlock: lambda node, _: _targets(node.target, lambda: str),
    nodes.CallBlock: _of_arguments,
    nodes.For: _of_for,
    nodes.FromImport: _of_imported,
    nodes.Import: lambda node, _: iter([(node.target, _unknown)]),
    nodes.Macro: _of_arguments,
    nodes.With: _of_with,
}


def _targets(target: nodes.Node, of_one: Callable[[], Any]) -> Found:
    if isinstance(target, nodes.Name):
        yield target.name, of_one
    elif isinstance(target, nodes.Tuple):
        yield from ((one.name, _unknown) for one in target.items if isinstance(one, nodes.Name))


def _unknown() -> Any:
    return UNKNOWN
