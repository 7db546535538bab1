"""Finding an application's actions: a module `actions`, or a package of that name."""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from servey_core.actions import Action, action_of
from servey_core.errors import ActionError, DiscoveryError, DuplicateActionError
from servey_core.naming import kebab_case

DEFAULT_PATH = "actions"


def discover(path: str | None = None) -> tuple[Action, ...]:
    """Import the module or package at `path`, its submodules too, and gather their actions.

    Args:
        path: A dotted name, or a path to a file or a folder; several with commas between them.
            None for `actions`, in the working folder or wherever Python finds it.

    Raises:
        DiscoveryError: There is no such module.
        Exception: Whatever importing it raises, as it is.
    """
    modules = [module for part in (path or DEFAULT_PATH).split(",") for module in _modules(part)]
    return unique(action for module in modules for action in _declared(module))


def unique(actions: Iterable[Action]) -> tuple[Action, ...]:
    """The actions, each once.

    Raises:
        DuplicateActionError: Two of them have one name.
    """
    by_name: dict[str, Action] = {}
    for action in actions:
        other = by_name.setdefault(action.name, action)
        if other.function is not action.function:
            raise DuplicateActionError(action.name, (other.place, action.place))
    return tuple(by_name.values())


def nested_actions(owner: type) -> Iterator[Action]:
    """The actions that are methods of a class, inherited ones too.

    Raises:
        ActionError: One is a static method or a class method.
    """
    for name, member in inspect.getmembers_static(owner):
        found = action_of(member)
        if found is None:
            continue
        if not inspect.isfunction(member):
            kind = type(member).__name__
            raise ActionError(found.name, found.place, f"{name!r} cannot be an action: a {kind}.")
        yield found.owned_by(owner)


def _modules(path: str) -> Iterator[ModuleType]:
    root = _import(path.strip())
    yield root
    for found in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{root.__name__}."):
        yield importlib.import_module(found.name)


def _import(path: str) -> ModuleType:
    folder, name = _folder_and_name(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise _not_found(path, folder) from None
        _suggest_distribution(error)
        raise


def _folder_and_name(path: str) -> tuple[str, str]:
    """Where to import from, and what."""
    if path.endswith(".py") or "/" in path or "\\" in path:
        file = Path(path).resolve()
        if not file.exists():
            raise DiscoveryError(f"There is no file or folder {path!r} to find actions in.")
        return str(file.parent), file.stem
    return str(Path.cwd()), path


def _not_found(path: str, folder: str) -> DiscoveryError:
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
