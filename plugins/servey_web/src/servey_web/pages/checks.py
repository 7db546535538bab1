"""What can be told of a template before it is rendered: names that are not there.

What is only known when a template is rendered is passed over: a template named by a variable,
attributes of what has no dataclass or model for its type. So is what a template asks for itself,
by `is defined` and `default`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, TemplateAssertionError, nodes

from servey_core.errors import ConfigurationError
from servey_core.naming import did_you_mean
from servey_web.pages.failures import TemplateFailed
from servey_web.pages.graphs import Graph
from servey_web.pages.kinds import MISSING, type_name
from servey_web.pages.members import member_names
from servey_web.pages.sources import Source
from servey_web.pages.typed import TypedSource, typed_sources

CheckCall = Callable[[nodes.Call], str | None]
"""Says what is wrong with a call of a function whose arguments are constant; None for nothing."""


@dataclass(frozen=True)
class Surroundings:
    """What a template is rendered with.

    Attributes:
        types: The types of its variables, by their names.
        calls: What checks the calls of some functions, by their names.
    """

    types: Mapping[str, Any]
    calls: Mapping[str, CheckCall] = field(default_factory=dict)


def check_graph(graph: Graph, environment: Environment, around: Surroundings) -> None:
    """Check a template and those that it is made of.

    Raises:
        TemplateFailed: Something is named that is not there.
    """
    for source in graph.sources.values():
        _check_filters(source, environment)
    typed = typed_sources(graph, around.types)
    own = frozenset[str]().union(*(source.stored for source in graph.together))
    asked = {one.name for source in graph.sources.values() for one in _asked_names(source)}
    for source in graph.sources.values():
        known = {*environment.globals, *asked}
        if source.name not in graph.apart:
            known |= {*around.types, *own}
        _check_names(source, known, around.types)
        _check_members(source, typed[source.name])
        _check_calls(source, typed[source.name], around.calls)


def _check_filters(source: Source, environment: Environment) -> None:
    kinds = ((nodes.Filter, environment.filters), (nodes.Test, environment.tests))
    for kind, known in kinds:
        for node in source.all(kind):
            if node.name not in known:
                called = kind.__name__.lower()
                hint = did_you_mean(node.name, known)
                raise source.fault(node.lineno, f"there is no {called} {node.name!r}. {hint}")


def _check_names(source: Source, known: Iterable[str], given: Iterable[str]) -> None:
    try:
        unknown = source.undeclared - {*known}
    except TemplateAssertionError as error:
        raise TemplateFailed(source.name, f"{source.file}:{error.lineno}", str(error)) from None
    if not unknown:
        return
    places = [one for one in source.all(nodes.Name) if one.name in unknown]
    place = min(places, key=lambda one: one.lineno, default=None)
    name = min(unknown) if place is None else place.name
    line = 1 if place is None else place.lineno
    if name in given:
        reason = f"{name!r} is not known in what is imported: import it `with context`."
    else:
        reason = f"{name!r} is not defined. {did_you_mean(name, known)}"
    raise source.fault(line, reason)


def _check_members(source: Source, types: TypedSource) -> None:
    asked = {id(node) for node in source.asked}
    for node in source.all(nodes.Getattr):
        if id(node) in asked or types.of(node) is not MISSING:
            continue
        owner = types.of(node.node)
        hint = did_you_mean(node.attr, member_names(owner))
        written = f"{_written(node.node)}.{node.attr}"
        raise source.fault(
            node.lineno, f"`{written}`: {type_name(owner)} has no {node.attr!r}. {hint}"
        )


def _check_calls(source: Source, types: TypedSource, calls: Mapping[str, CheckCall]) -> None:
    for node in source.all(nodes.Call):
        called = node.node
        if not isinstance(called, nodes.Name) or types.is_bound(called.name):
            continue
        check = calls.get(called.name)
        try:
            wrong = None if check is None else check(node)
        except ConfigurationError as error:
            wrong = str(error)
        if wrong is not None:
            raise source.fault(node.lineno, wrong)


def _asked_names(source: Source) -> Iterator[nodes.Name]:
    return (node for node in source.asked if isinstance(node, nodes.Name))


def _written(node: nodes.Node) -> str:
    """An expression as it was written, near enough."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return "..."
