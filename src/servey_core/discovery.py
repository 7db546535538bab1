"""Finding an application's actions and channels: a module `actions`, or a package of that name."""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from servey_core.actions import Action, action_of
from servey_core.errors import ActionError, DiscoveryError, DuplicateActionError
from servey_core.event_channels import Channel, ChannelError
from servey_core.naming import kebab_case

DEFAULT_PATH = "actions"


@dataclass(frozen=True, slots=True)
class Found:
    """What an application declares.

    Attributes:
        actions: Its actions.
        channels: Its channels: those that its modules hold by a name of their own, wherever they
            are declared.
    """

    actions: tuple[Action, ...] = ()
    channels: tuple[Channel[Any], ...] = ()


def discover(path: str | None = None) -> tuple[Action, ...]:
    """The actions of the module or package at `path`; see `declarations`."""
    return declarations(path).actions


def declarations(path: str | None = None) -> Found:
    """Import the module or package at `path`, its submodules too, and gather what they declare.

    Args:
        path: A dotted name, or a path to a file or a folder; several with commas between them.
            None for `actions`, in the working folder or wherever Python finds it.

    Raises:
        DiscoveryError: There is no such module.
        Exception: Whatever importing it raises, as it is.
    """
    modules = [module for part in (path or DEFAULT_PATH).split(",") for module in _modules(part)]
    values = (value for module in modules for value in vars(module).values())
    return Found(
        unique(action for module in modules for action in _declared(module)),
        unique_channels(value for value in values if isinstance(value, Channel)),
    )


def unique_channels(channels: Iterable[Channel[Any]]) -> tuple[Channel[Any], ...]:
    """The channels, each once.

    Raises:
        ChannelError: Two of them have one name.
    """
    by_name: dict[str, Channel[Any]] = {}
    for channel in channels:
        if (other := by_name.setdefault(channel.name, channel)) is not channel:
            raise ChannelError(
                f"Two channels are named {channel.name!r}: at {other.place} and {channel.place}."
            )
    return tuple(by_name.values())


def unique(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions, each once.

    Raises:
        DuplicateActionError: Two of them have one name.
    """
    by_name: dict[str, Action] = {}
    for action in actions:
        other = by_name.setdefault(action.name, action)
        if other.function is not action.function or other.owner is not action.owner:
            raise DuplicateActionError(action.name, (_whose(other), _whose(action)))
    return tuple(by_name.values())


def nested_actions(owner: type) -> Iterator[Action]:
    """The actions that are methods of a class, inherited ones too.

    Raises:
        ActionError: One is a static method or a class method.
    """
    for name, member in inspect.getmembers_static(owner):
        found = action_of(getattr(member, "__func__", member))
        if found is None:
            continue
        if not inspect.isfunction(member):
            kind = type(member).__name__
            raise ActionError(found.name, found.place, f"{name!r} cannot be an action: a {kind}.")
        yield found.owned_by(owner)


def _whose(action: Action) -> str:
    return f"{action.place} (of {action.owner.__qualname__})" if action.owner else action.place


def _modules(path: str) -> Iterator[ModuleType]:
    root = _root(path.strip())
    yield root
    for found in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{root.__name__}."):
        if not found.name.endswith(".__main__"):
            yield _import(found.name)


def _root(path: str) -> ModuleType:
    file = _file(path)
    folder, name = (Path.cwd(), path) if file is None else _folder_and_name(file)
    if str(folder) not in sys.path or file is not None:
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        module = _import(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise _not_found(path, folder) from None
        raise
    if file is not None and not _is_from(module, file):
        raise DiscoveryError(
            f"{path!r} cannot be imported: another module is named {name!r}, {_place(module)}. "
            "Give the file or the folder another name."
        )
    return module


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        _suggest_distribution(error)
        raise


def _file(path: str) -> Path | None:
    """The file or folder that is meant; None where `path` is a dotted name."""
    if not (path.endswith(".py") or "/" in path or "\\" in path):
        return None
    file = Path(path).resolve()
    if not file.exists():
        raise DiscoveryError(f"There is no file or folder {path!r} to find actions in.")
    return file


def _folder_and_name(file: Path) -> tuple[Path, str]:
    """Where to import a file from, and as what: with the packages that it is in."""
    folder, name = file.parent, file.stem
    while (folder / "__init__.py").is_file():
        folder, name = folder.parent, f"{folder.name}.{name}"
    return folder, name


def _is_from(module: ModuleType, file: Path) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(place is not None and Path(place).resolve() == file for place in places)


def _place(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or "a part of Python"


def _not_found(path: str, folder: Path) -> DiscoveryError:
    if path == DEFAULT_PATH:
        return DiscoveryError(
            f"No actions: there is neither a file actions.py nor a package actions in {folder}. "
            "Write one, or say where they are: SERVEY_ACTION_PATH=my_package.my_module. "
            "`servey new NAME` makes a project to start from."
        )
    return DiscoveryError(f"There is no module {path!r} to find actions in (looked in {folder}).")


def _suggest_distribution(error: ModuleNotFoundError) -> None:
    """Say what to install, where what is missing is named as Servey's plugins are."""
    package = (error.name or "").partition(".")[0]
    if package.startswith("servey_"):
        error.add_note(f"The plugin is not installed: pip install {kebab_case(package)}")


def _declared(module: ModuleType) -> Iterator[Action]:
    for value in vars(module).values():
        if inspect.isfunction(value) and (found := action_of(value)):
            yield found
        elif inspect.isclass(value) and value.__module__ == module.__name__:
            yield from nested_actions(value)
