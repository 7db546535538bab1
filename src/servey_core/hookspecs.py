"""What a plugin may implement. Every hook is called at start-up only, and collects.

An implementation returns a list of frozen records (or a single one, or None for nothing), and is
an ordinary function: hook wrappers are refused. `docs/hooks.md` shows each with an example.
"""
# mypy: disable-error-code="empty-body"

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from servey_core.actions import Action
    from servey_core.authorization import AuthorizerFactory
    from servey_core.commands import Command
    from servey_core.event_channels import Channel, ChannelTransportFactory
    from servey_core.generating import Generator
    from servey_core.invocation import Middleware
    from servey_core.runtime import Runtime
    from servey_core.services import Service
    from servey_core.settings import Settings, SettingsGroup
    from servey_core.state.store import StateStoreFactory
    from servey_core.surfaces import ChannelSurface, Surface
    from servey_core.tasks import TaskQueueFactory

PROJECT = "servey"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def servey_add_hookspecs(pluginmanager: pluggy.PluginManager) -> None:
    """Add hooks of one's own, by `pluginmanager.add_hookspecs(module)`.

    Called by the loading of plugins, once for each plugin, before any of them is registered.
    """


@hookspec
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """Return the plugin's `SettingsGroup` classes.

    Called by the loading of settings, before anything else is built.
    """


@hookspec
def servey_commands() -> "Iterable[Command]":
    """Return commands for the command line.

    Called by the command line, once a command is asked for that is not its own, and by `--help`.
    """


@hookspec
def servey_actions(settings: "Settings", channels: "Sequence[Channel[Any]]") -> "Iterable[Action]":
    """Return actions beyond those that are discovered.

    Called by the building of the runtime, after discovery. `action_of(function)` gives a decorated
    function's `Action`; `channels` are the application's, for what serves them by actions.
    """


@hookspec
def servey_channels(settings: "Settings") -> "Iterable[Channel[Any]]":
    """Return event channels beyond those that are discovered.

    Called by the building of the runtime, after discovery.
    """


@hookspec
def servey_channel_transports(settings: "Settings") -> "Iterable[ChannelTransportFactory]":
    """Return what delivers the events of channels, each for one class of them.

    Called by the runtime, when an event is first sent, and where channels are accounted for.
    """


@hookspec
def servey_middleware(action: "Action") -> "Iterable[Middleware]":
    """Return what shall wrap the calls of `action`.

    Called by the building of the runtime, once for each action.
    """


@hookspec
def servey_authorizers(settings: "Settings") -> "Iterable[AuthorizerFactory]":
    """Return named ways to make an authorizer.

    Called by the building of the runtime; the setting `authorizer` chooses one, and only that one
    is made.
    """


@hookspec
def servey_task_queues(settings: "Settings") -> "Iterable[TaskQueueFactory]":
    """Return named ways to make a task queue, where background work goes.

    Called by the runtime, when something is first sent to the background; the setting `task_queue`
    chooses one, and only that one is made.
    """


@hookspec
def servey_state_stores() -> "Iterable[StateStoreFactory]":
    """Return ways to make a state store, each with the scheme of its URLs.

    Called by the runtime, when the store is first needed; the setting `state` chooses one, and only
    that one is made.
    """


@hookspec
def servey_services(runtime: "Runtime") -> "Iterable[Service]":
    """Return services, each with the bindings that it serves.

    Called by `servey serve`, and by what reports on services.
    """


@hookspec
def servey_generators() -> "Iterable[Generator]":
    """Return named producers of files.

    Called by `servey generate` and `Runtime.generate`.
    """


@hookspec
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """Return how tests call actions through the plugin's surfaces.

    Called by `servey_core.testing`.
    """


@hookspec
def servey_channel_surfaces(runtime: "Runtime") -> "Iterable[ChannelSurface]":
    """Return how tests listen to channels through the plugin's surfaces.

    Called by `servey_core.testing`.
    """
