"""The core's own plugin: what comes with it is registered like anyone's."""

from typing import TYPE_CHECKING

from servey_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servey_core.authorization import AuthorizerFactory
    from servey_core.runtime import Runtime
    from servey_core.settings import Settings
    from servey_core.state.store import StateStoreFactory
    from servey_core.surfaces import ChannelSurface, Surface
    from servey_core.tasks import TaskQueueFactory


@hookimpl
def servey_authorizers(settings: "Settings") -> "Iterable[AuthorizerFactory]":  # noqa: ARG001
    """The authorizer `jwt`."""
    from servey_core.jwt import jwt_factory

    return [jwt_factory]


@hookimpl
def servey_state_stores() -> "Iterable[StateStoreFactory]":
    """State in memory, and in a file."""
    from servey_core.state.memory import memory_factory
    from servey_core.state.sqlite import sqlite_factory

    return [sqlite_factory, memory_factory]


@hookimpl
def servey_task_queues(settings: "Settings") -> "Iterable[TaskQueueFactory]":  # noqa: ARG001
    """The task queue `in-process`, which forgets."""
    from servey_core.in_process import in_process_factory

    return [in_process_factory]


@hookimpl
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """The function itself, and the command line."""
    from servey_core.cli.surface import cli_surface
    from servey_core.testing.surface import function_surface

    return [function_surface(runtime), cli_surface(runtime)]


@hookimpl
def servey_channel_surfaces(runtime: "Runtime") -> "Iterable[ChannelSurface]":  # noqa: ARG001
    """The channel itself."""
    from servey_core.testing.event_surface import event_surface

    return [event_surface()]
