"""The result of start-up: everything that is known, and one invoker for each action."""

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from typing_extensions import TypeAliasType, is_typeddict

from servey_core.actions import Action, Binding
from servey_core.authorization import Authorizer, AuthorizerFactory
from servey_core.discovery import discover, nested_actions, unique
from servey_core.errors import SettingsError, UnknownNameError, UnservedTriggerError
from servey_core.generating import Artifact, Generator
from servey_core.invocation import Invoker, Middleware
from servey_core.naming import kebab_case, nearest
from servey_core.plugins import Contribution, Plugins, load_plugins
from servey_core.services import Service
from servey_core.settings import Settings, SettingsWarning
from servey_core.state.store import StateStore, StateStoreFactory
from servey_core.threads import WorkerPool

_STORES = {"redis": "servey-redis", "rediss": "servey-redis"}
"""What to install for a state store, by its scheme."""


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
    """

    settings: Settings
    plugins: Plugins
    actions: Mapping[str, Action]
    bindings: tuple[Binding, ...]
    invokers: Mapping[str, Invoker] = field(repr=False)
    pool: WorkerPool = field(repr=False)

    @classmethod
    def build(cls, settings: Settings, plugins: Plugins, actions: Iterable[Action]) -> "Runtime":
        """Put together what was loaded.

        Args:
            settings: The settings, those of the plugins too.
            plugins: The plugins.
            actions: The actions that were discovered; plugins and return types may add some.

        Raises:
            ConfigurationError: Something cannot work; it says what, where and what to do.
        """
        contributed = plugins.collect("servey_actions", Action, settings=settings)
        roots = unique([*actions, *(one.record for one in contributed)])
        pool = WorkerPool(settings.core.threads, settings.core.thread_backlog)
        invokers: dict[str, Invoker] = {}
        built: list[Runtime] = []
        pending, found = list(roots), roots
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
            found = unique([*found, *_nested(made)])
            pending = [action for action in found if action.name not in invokers]
        runtime = cls(
            settings=settings,
            plugins=plugins,
            actions=MappingProxyType({action.name: action for action in found}),
            bindings=tuple(Binding(one, trigger) for one in found for trigger in one.triggers),
            invokers=MappingProxyType(invokers),
            pool=pool,
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

    def services(self) -> dict[str, Contribution[Service]]:
        """The services of all plugins, by name."""
        return self.plugins.collect_named("servey_services", Service, runtime=self)

    def require_served(self, services: Iterable[Service]) -> None:
        """Account for every binding.

        Raises:
            UnservedTriggerError: Some are served by none of `services`.
        """
        served = {(id(b.action), id(b.trigger)) for one in services for b in one.bindings}
        unserved = [b for b in self.bindings if (id(b.action), id(b.trigger)) not in served]
        if unserved:
            raise UnservedTriggerError(
                "\n".join(_explain_unserved(binding, self.plugins) for binding in unserved)
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
    given: Mapping[str, object] | None = None,
) -> Runtime:
    """Start up: settings, plugins, actions, and what follows from them.

    Args:
        action_path: Where the actions are; None for what the settings say.
        actions: The actions themselves, instead of discovering them.
        given: Settings that win over all others, by name.

    Raises:
        ConfigurationError: Something cannot work; it says what, where and what to do.
        Exception: Whatever importing the application's modules raises, as it is.
    """
    settings, plugins = load(given)
    if settings.core.strict:
        plugins.require_sound()
    _warn_of_unknown(settings, plugins)
    if actions is None:
        actions = discover(action_path or settings.core.action_path)
    return Runtime.build(settings, plugins, actions)


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


def _nested(invokers: Iterable[Invoker]) -> Iterator[Action]:
    """The actions on the classes that the results of `invokers` are made of, however deep."""
    seen: dict[int, Any] = {}
    pending = [invoker.signature.returned.annotation for invoker in invokers]
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
