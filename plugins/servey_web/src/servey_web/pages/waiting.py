"""Whether a template may have to wait, for what it calls or goes through.

One that cannot is compiled without asynchronous generators, which halves its time.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, nodes

from servey_web.pages.graphs import Graph
from servey_web.pages.kinds import is_plain_iterable
from servey_web.pages.members import Method
from servey_web.pages.sources import Source
from servey_web.pages.typed import TypedSource, typed_sources

_OF_TEMPLATES = frozenset(("caller", "loop", "self", "super"))
"""What Jinja itself gives to some parts of templates, and what is never waited for."""


def may_wait(graph: Graph, environment: Environment, types: Mapping[str, Any]) -> bool:
    """Whether rendering a template may have to wait for something.

    Args:
        graph: The template and those that it is made of.
        environment: What it is compiled in.
        types: The types of what it is rendered with.
    """
    if graph.is_open:
        return True
    typed = typed_sources(graph, types)
    everywhere = frozenset[str]().union(*(one.macros for one in graph.sources.values()))
    return any(
        _Look(environment, typed[name], source.macros, everywhere).waits(source)
        for name, source in graph.sources.items()
    )


class _Look:
    """Looks through one template for what may wait."""

    def __init__(
        self,
        environment: Environment,
        types: TypedSource,
        own: frozenset[str],
        everywhere: frozenset[str],
    ) -> None:
        self._environment = environment
        self._types = types
        self._own = own
        self._everywhere = everywhere

    def waits(self, source: Source) -> bool:
        """Whether anything in it may."""
        return (
            any(self._call_waits(one.node) for one in source.all(nodes.Call))
            or any(not self._is_plain(one.iter) for one in source.all(nodes.For))
            or any(map(self._filter_waits, source.all(nodes.Filter)))
            or any(is_coroutine(self._environment.tests[t.name]) for t in source.all(nodes.Test))
        )

    def _call_waits(self, called: nodes.Node) -> bool:
        owner = called.node if isinstance(called, nodes.Getattr) else None
        if isinstance(owner, nodes.Name) and self._is_macro(owner.name):
            return False
        if isinstance(called, nodes.Name):
            return not self._is_plain_function(called.name)
        method = self._types.of(called)
        return not isinstance(method, Method) or method.waits

    def _is_plain_function(self, name: str) -> bool:
        if self._is_macro(name):
            return True
        function = self._environment.globals.get(name)
        bound = self._types.is_bound(name)
        return function is not None and not bound and not is_coroutine(function)

    def _is_macro(self, name: str) -> bool:
        if name in self._own or name in _OF_TEMPLATES:
            return True
        return name in self._everywhere and not self._types.is_bound(name)

    def _filter_waits(self, node: nodes.Filter) -> bool:
        function = self._environment.filters[node.name]
        if not getattr(function, "jinja_async_variant", False):
            return is_coroutine(function)
        return node.node is not None and not self._is_plain(node.node)

    def _is_plain(self, node: nodes.Node) -> bool:
        return is_plain_iterable(self._types.of(node))


def is_coroutine(function: Any) -> bool:
    """Whether a function, or what is called like one, is a coroutine function."""
    called = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)
