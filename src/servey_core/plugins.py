"""Finding plugins, loading them, and calling their hooks, so that each failure names its owner."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import pluggy

from servey_core import hookspecs
from servey_core.errors import ConfigurationError, PluginError, UnknownNameError
from servey_core.naming import did_you_mean

ENTRY_POINT_GROUP = hookspecs.PROJECT
APPLICATION = "the application"

_BUILTIN = "servey_core.builtin"
_HOOKSPECS = "servey_add_hookspecs"

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
        by_name = {plugin.name: plugin for plugin in self.all if plugin.hooks}
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
            plugin, other = contribution.plugin, named.get(name)
            if other is not None and other.plugin is plugin:
                raise plugin.broke(f"its {hook} gives two named {name!r}.")
            if other is not None:
                raise ConfigurationError(
                    f"Two plugins give a {kind.__name__} named {name!r}: {other.plugin.name!r} "
                    f"(distribution {other.plugin.distribution!r}) and "
                    f"{plugin.name!r} (distribution {plugin.distribution!r}). "
                    "Deny one: SERVEY_PLUGINS_DENY."
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
    candidates = _candidates(allow, deny, modules)
    found = [_imported(*one) for one in _named_once(candidates)]
    for step in (_add_hookspecs, _register, _list_hooks):
        found = [_taken(step, manager, one) for one in found]
    return Plugins(tuple(one.plugin for one in found), manager)


@dataclass(frozen=True)
class _Loading:
    """A plugin that is being loaded; it has no module where it is denied or broken."""

    plugin: Plugin
    module: Any = None


_Importer = Callable[[], Any]
_Step = Callable[[pluggy.PluginManager, _Loading], _Loading]


class _Refusal(Exception):  # noqa: N818 - it is always turned into a PluginError
    """A plugin breaks a rule; the text says which."""


def _candidates(
    allow: Sequence[str], deny: Sequence[str], modules: Sequence[str]
) -> Iterator[tuple[Plugin, _Importer]]:
    """Every plugin, and what imports it."""
    points = [(_described(point), point.load) for point in entry_points(group=ENTRY_POINT_GROUP)]
    points.sort(key=lambda one: (one[0].name, one[0].distribution))
    names = {plugin.name for plugin, _ in points}
    for name in allow:
        if name not in names:
            raise UnknownNameError("installed plugin", name, names)
    yield Plugin("core", _BUILTIN, "servey-core"), _importer(_BUILTIN)
    for plugin, load in points:
        denied = plugin.name in deny or bool(allow and plugin.name not in allow)
        yield replace(plugin, denied=denied), load
    for module in modules:
        yield Plugin(module, module, APPLICATION), _importer(module)


def _described(point: EntryPoint) -> Plugin:
    distribution = point.dist
    name, version = (distribution.name, distribution.version) if distribution else ("?", "")
    return Plugin(point.name, point.module, name, version)


def _importer(module: str) -> _Importer:
    return lambda: importlib.import_module(module)


def _named_once(
    candidates: Iterable[tuple[Plugin, _Importer]],
) -> Iterator[tuple[Plugin, _Importer]]:
    """Let the first of a name have it, and the others fail."""
    owners: dict[str, Plugin] = {}
    for plugin, load in candidates:
        owner = owners.setdefault(plugin.name, plugin)
        yield plugin, load if owner is plugin else _name_taken(owner)


def _name_taken(owner: Plugin) -> _Importer:
    def refuse() -> Any:
        raise _Refusal(f"a plugin of the distribution {owner.distribution!r} has the same name.")

    return refuse


def _imported(plugin: Plugin, load: _Importer) -> _Loading:
    if plugin.denied:
        return _Loading(plugin)
    try:
        return _Loading(plugin, load())
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin does is named for it
        return _broken(plugin, error)


def _taken(step: _Step, manager: pluggy.PluginManager, loading: _Loading) -> _Loading:
    """The plugin after one more step, or why it failed; nothing of it is registered then."""
    if loading.module is None:
        return loading
    try:
        return step(manager, loading)
    except Exception as error:  # noqa: BLE001
        if manager.is_registered(loading.module):
            manager.unregister(loading.module)
        return _broken(loading.plugin, error)


def _broken(plugin: Plugin, cause: BaseException) -> _Loading:
    if isinstance(cause, _Refusal | pluggy.PluginValidationError):
        error = plugin.broke(" ".join(str(cause).split()))
    else:
        error = plugin.broke(f"it cannot be loaded: {cause!r}")
        error.__cause__ = cause
    return _Loading(replace(plugin, error=error))


def _add_hookspecs(manager: pluggy.PluginManager, loading: _Loading) -> _Loading:
    """Let a plugin add hooks of its own: before any is registered, so that all are checked."""
    if manager.parse_hookimpl_opts(loading.module, _HOOKSPECS) is not None:
        getattr(loading.module, _HOOKSPECS)(pluginmanager=manager)
    return loading


def _register(manager: pluggy.PluginManager, loading: _Loading) -> _Loading:
    manager.register(loading.module, loading.plugin.name)
    return loading


def _list_hooks(manager: pluggy.PluginManager, loading: _Loading) -> _Loading:
    """Note which hooks a plugin implements, and check that they can be used."""
    hooks = manager.get_hookcallers(loading.module) or []
    for hook in hooks:
        own = [one for one in hook.get_hookimpls() if one.plugin is loading.module]
        if any(one.hookwrapper or one.wrapper for one in own):
            raise _Refusal(f"its {hook.name} is a wrapper, which is not allowed.")
        if not hook.has_spec() and not all(one.optionalhook for one in own):
            raise _Refusal(_undeclared(manager, hook.name))
    return replace(loading, plugin=replace(loading.plugin, hooks=_sorted_names(hooks)))


def _undeclared(manager: pluggy.PluginManager, name: str) -> str:
    declared = [hook for hook, caller in vars(manager.hook).items() if caller.has_spec()]
    return (
        f"it implements {name!r}, which no loaded plugin declares. {did_you_mean(name, declared)} "
        "If it is not mistyped, install or allow the plugin that declares it."
    )


def _sorted_names(hooks: Iterable[pluggy.HookCaller]) -> tuple[str, ...]:
    return tuple(sorted(hook.name for hook in hooks))


def _listed(returned: object) -> Iterable[Any]:
    if returned is None:
        return ()
    return tuple(returned) if isinstance(returned, Iterable) else (returned,)


def _names(kind: type | tuple[type[Any], ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(one.__name__ for one in kinds)
