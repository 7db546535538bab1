"""Which of the host's paths FastAPI's routes share with actions, and which are claimed twice."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from servey_rest.routers import single_routes
from servey_web import RouteConflictError, WebRoute

Shape = tuple[str, ...]
"""The segments of a path, without the names of its parameters: `{}` is any text."""

_ANY = "{}"
_REST = "{:path}"
_PARAMETER = re.compile(r"\{\w+(:\w+)?\}")


@dataclass(frozen=True, slots=True)
class RouterRoute:
    """One route of a router.

    Attributes:
        path: Its path, with the router's prefixes; parameters may be `{name:kind}`.
        shape: The path's shape.
        methods: Its methods.
        place: Its function, and where that is.
    """

    path: str
    shape: Shape
    methods: frozenset[str]
    place: str

    @property
    def plain(self) -> bool:
        """Whether each parameter is a whole segment of any text, as the host's table has them."""
        return all(part == _ANY or "{" not in part for part in self.shape)


def router_routes(routes: Iterable[BaseRoute]) -> list[RouterRoute]:
    """The routes of routers that answer requests, however deep they were included."""
    return [
        RouterRoute(one.path, _shape(one.path), frozenset(one.methods), _place(one.endpoint))
        for one in single_routes(routes)
        if getattr(one, "methods", None)
    ]


def shared_paths(
    routers: Sequence[RouterRoute], actions: Sequence[WebRoute]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The paths that the host's table has to know for routers, each with their methods.

    What is in that table is answered from it, whatever the method is. So it has to know of routers
    that answer other methods at the path of an action, or at the path of another router.

    Args:
        routers: The routes of routers.
        actions: The routes of actions.

    Raises:
        RouteConflictError: A route of a router could never be reached.
    """
    _refuse_repeated(routers)
    claimed: dict[Shape, dict[str, WebRoute]] = {}
    for action in actions:
        claimed.setdefault(_shape(action.path), {}).update(dict.fromkeys(action.methods, action))
    for route in routers:
        _refuse_hidden(route, claimed)
    paths = {one.shape: _PARAMETER.sub(_without_kind, one.path) for one in routers if one.plain}
    paths |= {_shape(one.path): one.path for one in actions}
    for shape, path in paths.items():
        answered = {method for one in routers if _answers(one, shape) for method in one.methods}
        if methods := answered.difference(claimed.get(shape, ())):
            yield path, tuple(sorted(methods))


def _shape(path: str) -> Shape:
    bare = _PARAMETER.sub(lambda found: f"{{{found[1] or ''}}}", path)
    return tuple(bare.replace("{:str}", _ANY).split("/")[1:])


def _without_kind(parameter: re.Match[str]) -> str:
    return parameter[0].replace(parameter[1] or "", "")


def _place(endpoint: Any) -> str:
    function = inspect.unwrap(endpoint)
    code = getattr(function, "__code__", None)
    where = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"{getattr(function, '__qualname__', function)}{where}"


def _refuse_repeated(routers: Sequence[RouterRoute]) -> None:
    claims = [(one.shape, method, one) for one in routers for method in sorted(one.methods)]
    seen: dict[tuple[Shape, str], RouterRoute] = {}
    for shape, method, route in claims:
        if other := seen.get((shape, method)):
            raise RouteConflictError(
                f"{method} {route.path} is claimed twice: by FastAPI's route to {other.place}, "
                f"and by that to {route.place}."
            )
        seen[shape, method] = route


def _refuse_hidden(route: RouterRoute, claimed: dict[Shape, dict[str, WebRoute]]) -> None:
    """Refuse a route all of whose paths lead to an action."""
    for shape, methods in claimed.items():
        if shape != route.shape and (route.plain or not _covers(shape, route.shape)):
            continue
        for method in sorted(route.methods & methods.keys()):
            taken = methods[method]
            owners = ", ".join(f"{b.action.name!r} ({b.action.place})" for b in taken.bindings)
            raise RouteConflictError(
                f"{method} {route.path} is claimed twice: by action {owners} as {taken.path}, "
                f"and by FastAPI's route to {route.place}."
            )


def _answers(route: RouterRoute, shape: Shape) -> bool:
    """Whether a request that the table finds at a shape may be the route's to answer."""
    return _covers(route.shape, shape) if route.plain else _may_match(route.shape, shape)


def _covers(general: Shape, special: Shape) -> bool:
    """Whether every path of one shape is a path of the other."""
    return len(general) == len(special) and all(
        one == other or (one == _ANY and other != "" and _REST not in other)
        for one, other in zip(general, special, strict=True)
    )


def _may_match(shape: Shape, other: Shape) -> bool:
    """Whether two shapes may have a path in common, as far as can be told."""
    for part, text in zip(shape, other, strict=False):
        if _REST in part:
            return True
        if text != _ANY and not _texts_of(part).fullmatch(text):
            return False
    return len(shape) == len(other)


def _texts_of(part: str) -> re.Pattern[str]:
    fixed = re.split(r"\{[^}]*\}", part)
    return re.compile(".+".join(map(re.escape, fixed)))
