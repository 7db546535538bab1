"""What plugins contribute to the web host, as plain data."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from starlette.types import ASGIApp

from servey_core import Binding
from servey_web.direct import DirectEndpoint

WEBSOCKET = "WEBSOCKET"
"""Stands in a route's `methods` for websockets."""

_SEGMENT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}|[^{}]*")


@dataclass(frozen=True)
class WebRoute:
    """One path, for some methods.

    The host finds it by one look-up, and answers HEAD by it where it answers GET, OPTIONS, and
    405 for other methods by itself. Its `scope["path_params"]` maps names to decoded text.

    Attributes:
        path: The path; a whole segment `{name}` stands for any text without a slash.
        methods: The methods, in capitals; or `WEBSOCKET` alone, for websockets.
        endpoint: An ASGI application for one request.
        bindings: The bindings that it serves.
        direct: What may answer in the endpoint's stead where nothing stands between.
        pages: The paths of pages for people, for the console to show.
        streams: Whether the endpoint streams to those who accept `text/event-stream`, which
            `direct` cannot.

    Raises:
        ValueError: The path or the methods cannot be used.
    """

    path: str
    methods: tuple[str, ...]
    endpoint: ASGIApp
    bindings: tuple[Binding, ...] = ()
    direct: DirectEndpoint | None = None
    pages: tuple[str, ...] = ()
    streams: bool = False

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ValueError(f"A path starts with a slash: {self.path!r}")
        if not self.methods:
            raise ValueError(f"The route {self.path!r} has no methods.")
        if self.is_websocket and len(self.methods) > 1:
            raise ValueError(f"The route {self.path!r} of websockets has other methods as well.")
        names = self.parameters
        if len(set(names)) != len(names):
            raise ValueError(f"The path {self.path!r} has two parameters of one name.")

    @property
    def is_websocket(self) -> bool:
        """Whether it is for websockets."""
        return WEBSOCKET in self.methods

    @property
    def segments(self) -> tuple[str, ...]:
        """The path's segments as they are written."""
        return tuple(self.path.split("/")[1:])

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path's parameters, from left to right."""
        return tuple(name for segment in self.segments if (name := parameter_of(segment)))


@dataclass(frozen=True)
class WebMount:
    """An application for every path that starts with `path` and that no route has.

    Attributes:
        path: The start of the paths, without a slash at its end; empty for all.
        app: An ASGI application.
        bindings: The bindings that it serves.
        lifespan: What is open while the host serves.
        pages: The paths of pages for people, for the console to show.
    """

    path: str
    app: ASGIApp
    bindings: tuple[Binding, ...] = ()
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None
    pages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.path and (not self.path.startswith("/") or self.path.endswith("/")):
            raise ValueError(
                f"A mount's path starts with a slash and ends with none: {self.path!r}"
            )


def parameter_of(segment: str) -> str | None:
    """The name of the parameter that a segment of a path stands for; None for plain text.

    Raises:
        ValueError: The segment is a mixture of both.
    """
    match = _SEGMENT.fullmatch(segment)
    if match is None:
        raise ValueError(f"A parameter is a whole segment of a path: {segment!r}")
    return match[1]
