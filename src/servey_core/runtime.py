"""The result of start-up: everything that is known, and one invoker for each action."""

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import cached_property
from inspect import ismethod
from pathlib import Path
from threading import RLock
from types import MappingProxyType, MethodType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import TypeAliasType, is_typeddict

from servey_core.actions import Action, Binding, action_of
from servey_core.authorization import Authorizer, AuthorizerFactory
from servey_core.current import adopt, starting
from servey_core.discovery import declarations, nested_actions, unique, unique_channels
from servey_core.errors import (
    ConfigurationError,
    SettingsError,
    UnknownNameError,
    UnservedTriggerError,
)
from servey_core.event_channels import Channel, ChannelTransport, ChannelTransportFactory
from servey_core.generating import Artifact, Generator
from servey_core.invocation import Invoker, Middleware
from servey_core.naming import kebab_case, nearest
from servey_core.plugins import Contribution, Plugins, load_plugins
from servey_core.services import Service
from servey_core.settings import Settings, SettingsWarning
from servey_core.state.store import StateStore, StateStoreFactory
from servey_core.tasks import IN_PROCESS, TaskQueue, TaskQueueFactory
from servey_core.threads import WorkerPool

_STORES = {"redis": "servey-redis", "rediss": "servey-redis"}
"""What to install for a state store, by its scheme."""

_MAKING = RLock()
"""Held while a task queue is made."""


@dataclass(frozen=True)
class Runtime:
    """The result of start-up; immutable.

    Attributes:
        settings: The settings.
        plugins: The plugins.
        actions: Every action by its name, nested ones too.
        bindings: Every action with each of its triggers.
        invokers: What runs each action, by its name.
        pool: The threads that blocking actions run in.
        channels: Every event channel by its name.
    """

    settings: Settings
    plugins: Plugins
    actions: Mapping[str, Action]
    bindings: tuple[Binding, ...]
    invokers: Mapping[str, Invoker] = field(repr=False)
    pool: WorkerPool = field(repr=False)
    channels: Mapping[str, Channel[Any]] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        settings: Settings,
        plugins: Plugins,
        actions: Iterable[Action],
        channels: Iterable[Channel[Any]] = (),
    ) -> "Runtime":
        """Put together what was loaded.

        Args:
            settings: The settings, those of the plugins too.
            plugins: The plugins.
            actions: The actions that were discovered; plugins and return types may add some.
            channels: The channels that were discovered; plugins may add some.

        Raises:
            ConfigurationError: Something cannot work; it says what, where and what to do.
        """
        further = plugins.collect("servey_channels", Channel, settings=settings)
        streams = unique_channels([*channels, *(one.record for one in further)])
        contributed = plugins.collect("servey_actions", Action, settings=settings, channels=streams)
        roots = unique([*actions, *(one.record for one in contributed)])
        for channel in streams:
            _ = channel.adapter  # what is wrong with its type is wrong now
        pool = WorkerPool(settings.core.threads, settings.core.thread_backlog)
        invokers: dict[str, Invoker] = {}
        built: list[Runtime] = []
        found = unique([*roots, *_nested(channel.event for channel in streams)])
        pending = list(found)
        while pending:
            made = [
                Invoker(
                    action,
                    pool,
                    _middleware(action, plugins),
                    lambda: built[0].state,
                    limited=settings.core.rate_limits,
                )
                for action in pending
            ]
            invokers |= {invoker.action.name: invoker for invoker in made}
            results = (invoker.signature.returned.annotation for invoker in made)
            found = unique([*found, *_nested(results)])
            pending = [action for action in found if action.name not in invokers]
        runtime = cls(
            settings=settings,
            plugins=plugins,
            actions=MappingProxyType({action.name: action for action in found}),
            bindings=tuple(Binding(one, trigger) for one in found for trigger in one.triggers),
            invokers=MappingProxyType(invokers),
            pool=pool,
            channels=MappingProxyType({channel.name: channel for channel in streams}),
        )
        built.append(runtime)
        return runtime

    @cached_property
    def authorizer(self) -> Authorizer:
        """What reads tokens; made when it is first asked for.

        Raises:
            SettingsError: The settings do not do for it.
            UnknownNameError: No plugin gives one of the name in the settings.
        """
        factories = self.plugins.collect_named(
            "servey_authorizers", AuthorizerFactory, settings=self.settings
        )
        name = self.settings.core.authorizer
        if name not in factories:
            raise UnknownNameError("authorizer", name, factories)
        return factories[name].record.build(self.settings)

    @cached_property
    def state(self) -> StateStore:
        """Where what outlives a call is kept; made when it is first asked for.

        Raises:
            SettingsError: The setting `state` does not do, or no plugin serves its scheme.
        """
        factories = self.plugins.collect_named("servey_state_stores", StateStoreFactory)
        url = self.settings.core.state
        scheme = url.get_secret_value().partition(":")[0].lower()
        if scheme not in factories:
            raise SettingsError(
                f"SERVEY_STATE is '{url}', which no loaded plugin serves: "
                f"{_cure_of_store(scheme, self.plugins)}"
            )
        return factories[scheme].record.build(url.get_secret_value())

    def transport_of(self, channel: Channel[Any]) -> ChannelTransport:
        """What delivers the events of a channel; made when it is first asked for.

        Raises:
            ConfigurationError: The channel is none of this application, or no plugin delivers it.
        """
        if self.channels.get(channel.name) is not channel:
            raise ConfigurationError(
                f"The channel {channel.name!r} ({channel.place}) is none of this application: a "
                "module of its actions must hold it by a name of its own."
            )
        kind = type(channel)
        if kind not in self._transports:
            factory = self._transport_factories.get(kind)
            if factory is None:
                raise ConfigurationError(_explain_undelivered(channel, self.plugins))
            self._transports[kind] = factory.build(self)
        return self._transports[kind]

    def delivers(self, channel: Channel[Any]) -> bool:
        """Whether an installed plugin delivers the events of a channel."""
        return type(channel) in self._transport_factories

    @cached_property
    def _transports(self) -> dict[type, ChannelTransport]:
        return {}

    @cached_property
    def _transport_factories(self) -> Mapping[type, ChannelTransportFactory]:
        found = self.plugins.collect_named(
            "servey_channel_transports", ChannelTransportFactory, settings=self.settings
        )
        return {one.record.kind: one.record for one in found.values()}

    def close_transports(self) -> None:
        """Let go of what the transports of channels hold, if they were ever used."""
        for transport in vars(self).get("_transports", {}).values():
            transport.close()

    @cached_property
    def task_queue(self) -> TaskQueue:
        """Where background work goes; made when it is first asked for.

        Raises:
            SettingsError: The settings do not do for it.
            UnknownNameError: No plugin gives one of the name in the settings.
        """
        with _MAKING:  # several threads may ask for it first, and there must be one
            if "task_queue" not in vars(self):
                vars(self)["task_queue"] = self._build_task_queue()
            return vars(self)["task_queue"]  # type: ignore[no-any-return]

    def _build_task_queue(self) -> TaskQueue:
        found = self.plugins.collect_named(
            "servey_task_queues", TaskQueueFactory, settings=self.settings
        )
        factories = {name: one.record for name, one in found.items()}
        name = self.settings.core.task_queue or next(
            (name for name, factory in factories.items() if factory.default), IN_PROCESS
        )
        if name not in factories:
            raise UnknownNameError("task queue", name, factories)
        return factories[name].build(self)

    def close_task_queue(self, grace: float = 0.0) -> None:
        """Let go of what the task queue holds, if it was ever used.

        Args:
            grace: For how many seconds the jobs that it runs in this process may go on.
        """
        if "task_queue" in vars(self):
            self.task_queue.drain(grace)
            self.task_queue.close()

    async def close_state(self) -> None:
        """Let go of what the running event loop holds open of the state, if it was ever used."""
        if "state" in vars(self):
            await self.state.close()

    def invoker(self, name: str) -> Invoker:
        """What runs the action `name`.

        Raises:
            UnknownNameError: There is no such action.
        """
        try:
            return self.invokers[name]
        except KeyError:
            raise UnknownNameError("action", name, self.invokers) from None

    def invoker_of(self, function: Callable[..., Any]) -> Invoker:
        """What runs the action that a function was made into.

        Raises:
            ConfigurationError: It is no action of this application.
        """
        try:
            return self._by_function[function]
        except KeyError:
            pass
        found = self._of_method(function) if ismethod(function) else self._of_script(function)
        if found is None:
            raise ConfigurationError(
                f"{function!r} is no action of this application: decorate it with @action, in a "
                "module that SERVEY_ACTION_PATH names. `servey actions` lists those that are."
            )
        return found

    @cached_property
    def _by_function(self) -> Mapping[Callable[..., Any], Invoker]:
        inherited_first = sorted(self.invokers.values(), key=lambda one: one.action.is_own)
        return {invoker.action.function: invoker for invoker in inherited_first}

    @cached_property
    def _by_owner(self) -> Mapping[tuple[Callable[..., Any], type | None], Invoker]:
        return {(one.action.function, one.action.owner): one for one in self.invokers.values()}

    def _of_method(self, method: MethodType) -> Invoker | None:
        """What runs a method's action, of the class that is nearest to its object's."""
        found = (
            self._by_owner.get((method.__func__, one)) for one in type(method.__self__).__mro__
        )
        return next((one for one in found if one is not None), None)

    def _of_script(self, function: Callable[..., Any]) -> Invoker | None:
        """What runs an action of the script that Python was given, imported by its own name."""
        action = action_of(function)
        if action is None or function.__module__ != "__main__":
            return None
        same = (one for one in self.invokers.values() if one.action.place == action.place)
        return next(same, None)

    def services(self) -> dict[str, Contribution[Service]]:
        """The services of all plugins, by name."""
        return self.plugins.collect_named("servey_services", Service, runtime=self)

    def require_served(self, services: Iterable[Service]) -> None:
        """Account for every binding and every channel.

        Raises:
            UnservedTriggerError: Some are served by none of `services`, or delivered by nobody.
        """
        served = {(id(b.action), id(b.trigger)) for one in services for b in one.bindings}
        unserved = [b for b in self.bindings if (id(b.action), id(b.trigger)) not in served]
        undelivered = [
            one for one in self.channels.values() if type(one) not in self._transport_factories
        ]
        if unserved or undelivered:
            raise UnservedTriggerError(
                "\n".join(
                    [
                        *(_explain_unserved(binding, self.plugins) for binding in unserved),
                        *(_explain_undelivered(channel, self.plugins) for channel in undelivered),
                    ]
                )
            )

    def generators(self) -> dict[str, Contribution[Generator]]:
        """The producers of files of all plugins, by name."""
        return self.plugins.collect_named("servey_generators", Generator)

    def generate(self, name: str) -> Sequence[Artifact]:
        """Make the files of one generator.

        Raises:
            UnknownNameError: No plugin gives a generator of this name.
        """
        generators = self.generators()
        if name not in generators:
            raise UnknownNameError("generator", name, generators)
        return generators[name].record.generate(self)


def start(
    action_path: str | None = None,
    *,
    actions: Iterable[Action] | None = None,
    channels: Iterable[Channel[Any]] = (),
    given: Mapping[str, object] | None = None,
) -> Runtime:
    """Start up: settings, plugins, actions, and what follows from them.

    The application is that of the process from then on, for code that names none.

    Args:
        action_path: Where the actions are; None for what the settings say.
        actions: The actions themselves, instead of discovering them.
        channels: The channels, where the actions are given.
        given: Settings that win over all others, by name.

    Raises:
        ConfigurationError: Something cannot work; it says what, where and what to do.
        Exception: Whatever importing the application's modules raises, as it is.
    """
    with starting():
        settings, plugins = load(given)
        if settings.core.strict:
            plugins.require_sound()
        _warn_of_unknown(settings, plugins)
        if actions is None:
            found = declarations(action_path or settings.core.action_path)
            actions, channels = found.actions, found.channels
        runtime = Runtime.build(settings, plugins, actions, channels)
    adopt(runtime)
    return runtime


def load(given: Mapping[str, object] | None = None) -> tuple[Settings, Plugins]:
    """Load the plugins, and the settings of all of them; broken plugins are left out."""
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    core = Settings.load(given=given).core
    plugins = load_plugins(core.plugins, core.plugins_deny, core.plugin_modules)
    groups = [one.record for one in plugins.collect("servey_settings", type)]
    return Settings.load(groups, given=given), plugins


def _warn_of_unknown(settings: Settings, plugins: Plugins) -> None:
    for unknown in settings.unknown():
        warnings.warn(unknown, SettingsWarning, stacklevel=3)
    names = {plugin.name for plugin in plugins.all}
    for name in settings.core.plugins_deny:
        # Denying what is not installed is no mistake, but a misspelt name would deny nothing.
        if name not in names and (near := nearest(name, names)):
            message = (
                f"SERVEY_PLUGINS_DENY: no plugin {name!r} is installed. Did you mean {near!r}?"
            )
            warnings.warn(message, SettingsWarning, stacklevel=3)


def _middleware(action: Action, plugins: Plugins) -> list[Middleware]:
    return [one.record for one in plugins.collect("servey_middleware", Middleware, action=action)]


def _nested(annotations: Iterable[Any]) -> Iterator[Action]:
    """The actions on the classes that results and events are made of, however deep."""
    seen: dict[int, Any] = {}
    pending = list(annotations)
    while pending:
        annotation = pending.pop()
        if id(annotation) in seen:
            continue
        seen[id(annotation)] = annotation  # which also keeps another from getting its id
        pending.extend((get_origin(annotation), *get_args(annotation)))
        if isinstance(annotation, TypeAliasType):
            pending.append(annotation.__value__)
        if isinstance(annotation, type):
            pending.extend(_field_types(annotation))
            yield from nested_actions(annotation)


def _field_types(owner: type) -> Iterable[Any]:
    if is_dataclass(owner) or issubclass(owner, BaseModel) or is_typeddict(owner):
        return get_type_hints(owner, include_extras=True).values()
    return ()


def _explain_unserved(binding: Binding, plugins: Plugins) -> str:
    action, trigger = binding.action, binding.trigger
    return (
        f"No plugin serves the trigger {trigger!r} of action {action.name!r} ({action.place}): "
        f"{_cure(trigger.served_by, plugins)}"
    )


def _explain_undelivered(channel: Channel[Any], plugins: Plugins) -> str:
    return (
        f"No plugin delivers the events of the channel {channel.name!r} ({channel.place}): "
        f"{_cure(channel.served_by, plugins)}"
    )


def _cure_of_store(scheme: str, plugins: Plugins) -> str:
    if scheme in _STORES:
        return _cure(_STORES[scheme], plugins)
    return "it may be `sqlite:///servey.db`, `memory:`, or `redis://host:6379/0` (servey-redis)."


def _cure(distribution: str, plugins: Plugins) -> str:
    """What to do for a distribution to serve its triggers."""
    if not distribution:
        return "install its plugin."
    named = kebab_case(distribution)
    installed = [one for one in plugins.all if kebab_case(one.distribution) == named]
    if not installed:
        return f"pip install {distribution}"
    if broken := next((one for one in installed if one.error), None):
        return str(broken.error)
    if denied := next((one for one in installed if one.denied), None):
        return (
            f"{distribution} is installed, but its plugin {denied.name!r} is denied. "
            "Look at the settings SERVEY_PLUGINS and SERVEY_PLUGINS_DENY."
        )
    return f"{distribution} is installed, but serves no such trigger. Is another version needed?"
