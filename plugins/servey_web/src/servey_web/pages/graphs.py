"""A template and those that it is made of: parents, and what it includes and imports."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from jinja2 import TemplateNotFound, nodes

from servey_web.pages.failures import TemplateFailed
from servey_web.pages.sources import Source, Sources

_REFERENCES: tuple[type[Any], ...] = (
    nodes.Extends,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
)


@dataclass(eq=False)
class Graph:
    """A template and those that it is made of.

    Attributes:
        sources: All of them by name, the template itself first.
        ancestors: Its parent, the parent's parent and so on, as far as they are constant.
        apart: The names of those that are imported only, and do not know the template's variables.
        is_open: Whether some are named by what is only known when they are rendered.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    ancestors: list[Source] = field(default_factory=list)
    apart: set[str] = field(default_factory=set)
    is_open: bool = False

    @property
    def root(self) -> Source:
        """The template itself."""
        return next(iter(self.sources.values()))

    @property
    def together(self) -> list[Source]:
        """Those that know the template's variables."""
        return [one for one in self.sources.values() if one.name not in self.apart]

    @property
    def uses(self) -> frozenset[str]:
        """The names that they look up."""
        return frozenset[str]().union(*(one.looked_up for one in self.sources.values()))

    @property
    def blocks(self) -> set[str]:
        """The names of the blocks that the template has, its ancestors' among them."""
        line = [self.root, *self.ancestors]
        return {block.name for one in line for block in one.all(nodes.Block)}


def read_graph(sources: Sources, name: str) -> Graph:
    """Read a template and all that it names.

    Raises:
        TemplateFailed: One of them is not there, or cannot be parsed.
    """
    graph = Graph()
    try:
        _add(graph, sources, sources.read(name), apart=False)
    except TemplateNotFound:
        reason = f"it is not there. {sources.hint(name)}".rstrip()
        raise TemplateFailed(name, "", reason) from None
    source, seen = graph.root, {name}
    while (parent := _parent(source, graph)) is not None and parent.name not in seen:
        graph.ancestors.append(parent)
        seen.add(parent.name)
        source = parent
    return graph


def _add(graph: Graph, sources: Sources, source: Source, *, apart: bool) -> None:
    is_known = source.name in graph.sources
    if is_known and (apart or source.name not in graph.apart):
        return
    graph.sources[source.name] = source
    if apart:
        graph.apart.add(source.name)
    else:
        graph.apart.discard(source.name)
    for kind in _REFERENCES:
        for reference in source.all(kind):
            names = _names(reference.template)
            if names is None:
                graph.is_open = True
                continue
            alone = apart or not getattr(reference, "with_context", True)
            if (named := _found(sources, source, reference, names)) is not None:
                _add(graph, sources, named, apart=alone)


def _found(sources: Sources, source: Source, reference: Any, names: list[str]) -> Source | None:
    """The first of the named templates that is there."""
    for name in names:
        with suppress(TemplateNotFound):
            return sources.read(name)
    if getattr(reference, "ignore_missing", False):
        return None
    hint = sources.hint(names[0])
    raise source.fault(reference.lineno, f"the template {names[0]!r} is not there. {hint}")


def _names(node: nodes.Expr) -> list[str] | None:
    """The names that a reference has; None where only its run tells them."""
    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    if not all(isinstance(one, nodes.Const) and isinstance(one.value, str) for one in items):
        return None
    return [one.value for one in items if isinstance(one, nodes.Const)]


def _parent(source: Source, graph: Graph) -> Source | None:
    extends = next(iter(source.all(nodes.Extends)), None)
    names = None if extends is None else _names(extends.template)
    return next((graph.sources[name] for name in names or () if name in graph.sources), None)
