"""Finding the endpoint of a request: one dict for plain paths, one tree for those with parameters.

Neither takes longer where there are more routes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from starlette.types import ASGIApp, Scope

from servey_core import ConfigurationError
from servey_core.plugins import Contribution
from servey_web.direct import DirectEndpoint
from servey_web.routes import WebMount, WebRoute, parameter_of


class RouteConflictError(ConfigurationError):
    """Two routes claim one method and path."""


@dataclass(frozen=True, slots=True)
class Target:
    """One route's endpoint, and the names of its path parameters."""

    endpoint: ASGIApp
    parameters: tuple[str, ...]
    owner: Contribution[WebRoute | WebMount]
    direct: DirectEndpoint | None


Methods = dict[str, Target]
FindDirect = Callable[[Scope], DirectEndpoint | None]


@dataclass(slots=True)
class _Node:
    children: "dict[str, _Node]" = field(default_factory=dict)
    any: "_Node | None" = None
    methods: Methods = field(default_factory=dict)


class RoutingTable:
    """The routes of all plugins.

    Args:
        contributions: The routes, and whose they are; mounts are passed over.

    Attributes:
        find_direct: Gives the direct endpoint of a request, where it can be told at once, and sets
            the path's parameters in the scope; else None.

    Raises:
        RouteConflictError: Two of them claim one method and path.
    """

    def __init__(self, contributions: Iterable[Contribution[WebRoute | WebMount]]) -> None:
        self._plain: dict[str, Methods] = {}
        self._trailing: dict[str, Methods] = {}
        self._tree = _Node()
        for contribution in contributions:
            if isinstance(contribution.record, WebRoute):
                self._add(contribution.record, contribution)
        self.find_direct = _direct_finder(self._plain, self._trailing)

    def find(self, path: str, scope: Scope) -> tuple[Methods, tuple[str, ...]] | None:
        """The targets of a path by method, and the texts of its parameters; None for no route.

        Args:
            path: The path, decoded.
            scope: The request, for the path as it was sent.
        """
        if methods := self._plain.get(path):
            return methods, ()
        return _walk(self._tree, _segments(path, scope), 0)

    def _add(self, route: WebRoute, owner: Contribution[WebRoute | WebMount]) -> None:
        methods = self._methods_of(route)
        for method in route.methods:
            if other := methods.get(method):
                raise RouteConflictError(
                    f"{method} {route.path} is claimed twice: by {_claim(other.owner)}, "
                    f"and by {_claim(owner)}."
                )
            methods[method] = Target(route.endpoint, route.parameters, owner, route.direct)

    def _methods_of(self, route: WebRoute) -> Methods:
        if not route.parameters:
            return self._plain.setdefault(route.path, {})
        node = self._tree
        for segment in route.segments:
            if parameter_of(segment) is None:
                node = node.children.setdefault(segment, _Node())
            else:
                node.any = node.any or _Node()
                node = node.any
        if len(route.parameters) == 1 and parameter_of(route.segments[-1]):
            self._trailing[route.path.rpartition("/")[0]] = node.methods
        return node.methods


def _direct_finder(plain: dict[str, Methods], trailing: dict[str, Methods]) -> FindDirect:
    """What finds direct endpoints by their whole path, or by all of it but a last parameter."""
    by_path = {path: _direct(methods) for path, methods in plain.items()}
    by_start = {start: _direct(methods) for start, methods in trailing.items()}

    def find(scope: Scope) -> DirectEndpoint | None:
        if scope.get("root_path"):
            return None
        path: str = scope["path"]
        endpoints = by_path.get(path)
        if endpoints is not None:
            found = endpoints.get(scope["method"])
            return None if found is None else found[0]
        start, _, last = path.rpartition("/")
        endpoints = by_start.get(start)
        if endpoints is None or not last or b"%" in scope.get("raw_path", b"%"):
            return None
        found = endpoints.get(scope["method"])
        if found is None:
            return None
        endpoint, names = found
        scope["path_params"] = {names[0]: last}
        return endpoint

    return find


def _direct(methods: Methods) -> dict[str, tuple[DirectEndpoint, tuple[str, ...]]]:
    return {
        method: (target.direct, target.parameters)
        for method, target in methods.items()
        if target.direct is not None
    }


def _walk(node: _Node, segments: list[str], index: int) -> tuple[Methods, tuple[str, ...]] | None:
    """The targets below a node; plain text goes before parameters."""
    if index == len(segments):
        return (node.methods, ()) if node.methods else None
    segment = segments[index]
    child = node.children.get(segment)
    found = _walk(child, segments, index + 1) if child is not None else None
    if found is not None or node.any is None or not segment:
        return found
    found = _walk(node.any, segments, index + 1)
    return found and (found[0], (segment, *found[1]))


def _segments(path: str, scope: Scope) -> list[str]:
    """The path's segments, decoded; a slash that was sent encoded does not part them."""
    segments = path.split("/")[1:]
    raw = scope.get("raw_path") or b""
    if b"%2F" in raw or b"%2f" in raw:
        sent = raw.partition(b"?")[0].decode("latin-1").split("/")
        within = len(scope.get("root_path", "").split("/"))
        return [unquote(segment) for segment in sent[within:]]
    return segments


def _claim(owner: Contribution[WebRoute | WebMount]) -> str:
    plugin, bindings = owner.plugin, owner.record.bindings
    places = [f"action {b.action.name!r} ({b.action.place})" for b in bindings]
    return " and ".join([*places, f"plugin {plugin.name!r} ({plugin.distribution})"])
