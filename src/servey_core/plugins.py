"""Finding plugins, loading them, and calling their hooks, so that each failure names its owner."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import pluggy

from servey_core import hookspecs
from servey_core.errors import ConfigurationError, PluginError, UnknownNameError

ENTRY_POINT_GROUP = hookspecs.PROJECT
APPLICATION = "the application"

_BUILTIN = "servey_core.builtin"

RecordT = TypeVar("RecordT")


@dataclass(frozen=True)
class Plugin:
    """What is known of one plugin.

    Attributes:
        name: Its entry point's name, or its module's for one of the application's own.
        module: The module that implements the hooks.
        distribution: The distribution that it was installed by.
        version: That distribution's.
        hooks: The hooks that it implements.
        denied: Whether the settings keep it from being loaded.
        error: Why it could not be loaded, where that failed.
    """

    name: str
    module: str
    distribution: str
    version: str = ""
    hooks: tuple[str, ...] = ()
    denied: bool = False
    error: PluginError | None = None

    def broke(self, reason: str) -> PluginError:
        """The error for something that this plugin did."""
        return PluginError(self.name, self.distribution, reason)


@dataclass(frozen=True)
class Contribution(Generic[RecordT]):
    """A record that a hook returned, and whose it is."""

    plugin: Plugin
    record: RecordT


@dataclass(frozen=True)
class Plugins:
    """The plugins that were found.

    Attributes:
        all: Every plugin, those that are denied or broken too.
    """

    all: tuple[Plugin, ...]
    _manager: pluggy.PluginManager = field(repr=False)

    def require_sound(self) -> None:
        """Refuse to go on with a broken plugin.

        Raises:
            PluginError: The first plugin that could not be loaded.
        """
        for plugin in self.all:
            if plugin.error is not None:
                raise plugin.error

    def collect(
        self, hook: str, kind: type[RecordT] | tuple[type[Any], ...], **arguments: Any
    ) -> list[Contribution[RecordT]]:
        """Call a hook, and gather what every implementation returns.

        Args:
            hook: The hook's name.
            kind: What the records must be instances of; for classes, `type`.
            **arguments: The hook's arguments.

        Raises:
            PluginError: An implementation failed, or returned something else.
        """
        by_name = {plugin.name: plugin for plugin in self.all}
        gathered: list[Contribution[RecordT]] = []
        for implementation in reversed(getattr(self._manager.hook, hook).get_hookimpls()):
            plugin = by_name[implementation.plugin_name]
            try:
                returned = implementation.function(
                    *(arguments[name] for name in implementation.argnames)
                )
                records = _listed(returned)
            except ConfigurationError:
                raise
            except Exception as error:
                raise plugin.broke(f"its {hook} failed: {error!r}") from error
            for record in records:
                if not isinstance(record, kind):
                    raise plugin.broke(
                        f"its {hook} returned {record!r}, where {_names(kind)} is expected."
                    )
                gathered.append(Contribution(plugin, record))
        return gathered

    def collect_named(
        self, hook: str, kind: type[RecordT], **arguments: Any
    ) -> dict[str, Contribution[RecordT]]:
        """Call a hook whose records have a `name` each, which must differ.

        Raises:
            PluginError: An implementation failed, or returned something else.
            ConfigurationError: Two records have one name.
        """
        named: dict[str, Contribution[RecordT]] = {}
        for contribution in self.collect(hook, kind, **arguments):
            name: str = contribution.record.name  # type: ignore[attr-defined]
            if other := named.get(name):
                raise ConfigurationError(
                    f"Two plugins give a {kind.__name__} named {name!r}: {other.plugin.name!r} "
                    f"(distribution {other.plugin.distribution!r}) and "
                    f"{contribution.plugin.name!r} (distribution "
                    f"{contribution.plugin.distribution!r}). Deny one: SERVEY_PLUGINS_DENY."
                )
            named[name] = contribution
        return named


def load_plugins(
    allow: Sequence[str] = (), deny: Sequence[str] = (), modules: Sequence[str] = ()
) -> Plugins:
    """Load the core's own plugin, the installed ones, and the application's.

    A plugin that cannot be loaded is recorded with its error, and does not stop the others.

    Args:
        allow: The only installed plugins to load, by name; empty for all.
        deny: Installed plugins not to load, by name. They are not even imported.
        modules: Modules of the application that implement hooks.

    Raises:
        UnknownNameError: `allow` names a plugin that is not installed.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    for name in allow:
        if name not in points:
            raise UnknownNameError("installed plugin", name, points)
    found = [_load(manager, Plugin("core", _BUILTIN, "servey-core"), _importer(_BUILTIN))]
    for name, point in sorted(points.items()):
        plugin = _described(point)
        if name in deny or (allow and name not in allow):
            found.append(replace(plugin, denied=True))
        else:
            found.append(_load(manager, plugin, point.load))
    found.extend(
        _load(manager, Plugin(module, module, APPLICATION), _importer(module))
        for module in modules
    )
    return Plugins(tuple(_checked(manager, plugin) for plugin in found), manager)


def _described(point: EntryPoint) -> Plugin:
    distribution = point.dist
    name, version = (distribution.name, distribution.version) if distribution else ("?", "")
    return Plugin(point.name, point.module, name, version)


def _importer(module: str) -> Callable[[], Any]:
    return lambda: importlib.import_module(module)


def _load(manager: pluggy.PluginManager, plugin: Plugin, load: Callable[[], Any]) -> Plugin:
    try:
        manager.register(load(), plugin.name)
    except Exception as error:  # noqa: BLE001 - whatever a plugin does, it is named for it
        reason = plugin.broke(f"it cannot be loaded: {error!r}")
        reason.__cause__ = error
        return replace(plugin, error=reason)
    return plugin


def _checked(manager: pluggy.PluginManager, plugin: Plugin) -> Plugin:
    """The plugin with the hooks that it implements, or with what is wrong with them."""
    hooks = []
    for hook in _hooks_of(manager, plugin):
        implementation = next(one for one in hook.get_hookimpls() if one.plugin_name == plugin.name)
        if implementation.hookwrapper or implementation.wrapper:
            return _refused(manager, plugin, f"its {hook.name} is a wrapper, which is not allowed.")
        if not hook.has_spec() and not implementation.optionalhook:
            return _refused(
                manager,
                plugin,
                f"it implements {hook.name!r}, which no loaded plugin declares: mistyped, or the "
                f"plugin that declares it is not installed.",
            )
        hooks.append(hook.name)
    return replace(plugin, hooks=tuple(sorted(hooks)))


def _hooks_of(manager: pluggy.PluginManager, plugin: Plugin) -> Iterator[pluggy.HookCaller]:
    module = manager.get_plugin(plugin.name)
    callers = manager.get_hookcallers(module) if module is not None else None
    return iter(callers or ())


def _refused(manager: pluggy.PluginManager, plugin: Plugin, reason: str) -> Plugin:
    manager.unregister(name=plugin.name)
    return replace(plugin, error=plugin.broke(reason))


def _listed(returned: object) -> Iterable[Any]:
    if returned is None:
        return ()
    return tuple(returned) if isinstance(returned, Iterable) else (returned,)


def _names(kind: type | tuple[type[Any], ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(one.__name__ for one in kinds)
