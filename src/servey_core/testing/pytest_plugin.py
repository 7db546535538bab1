"""The pytest plugin: every example of every action is a test on every installed surface.

pytest imports this module in each project of an environment, whether it uses Servey or not. So it
brings in nothing else of Servey, and nothing of the project, until pytest comes to a file that
holds the project's actions: `actions.py`, the package `actions`, or what the settings name.

A project takes part where its `pyproject.toml` has a table `[tool.servey]`, where
`SERVEY_ACTION_PATH` is set, or where `actions.py` or a module of `actions` imports `servey_core`;
the ini option `servey` decides it otherwise.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from servey_core.testing.collecting import Application

_IMPORT = re.compile(rb"^\s*(?:from|import)\s+servey_core\b", re.MULTILINE)


class _Project(NamedTuple):
    """A project that takes part, and the files and folders that hold its actions."""

    root: Path
    places: tuple[Path, ...]


_PROJECT = pytest.StashKey[_Project | None]()
_APPLICATION: pytest.StashKey["Application"] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    parser.addini(
        "servey", "Whether the examples of Servey's actions are tests.", type="bool", default=None
    )
    parser.addini(
        "servey_surfaces", "The only surfaces to test examples on.", type="args", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find out whether the project takes part."""
    config.stash[_PROJECT] = _project(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the examples of a file with actions."""
    project = parent.config.stash[_PROJECT]
    if project is None or file_path.suffix != ".py":
        return None
    if not any(file_path.resolve().is_relative_to(place) for place in project.places):
        return None
    from servey_core.testing.collecting import ActionFile, Application

    if _APPLICATION not in parent.config.stash:
        parent.config.stash[_APPLICATION] = Application(parent.config, *project)
    return ActionFile.from_parent(
        parent, path=file_path, application=parent.config.stash[_APPLICATION]
    )


def _project(config: pytest.Config) -> _Project | None:
    """The project in the working folder, as for the command `servey`, or in pytest's rootdir."""
    wanted: bool | None = config.getini("servey")
    if wanted is False:
        return None
    for root in dict.fromkeys((config.invocation_params.dir, config.rootpath)):
        settings = _settings(root)
        places = tuple(_places(root, settings or {}))
        if places and (wanted or settings is not None or any(map(_imports_servey, places))):
            return _Project(root, places)
    return None


def _settings(root: Path) -> Mapping[str, Any] | None:
    """The settings that say where the actions are; None where nobody gave any."""
    file = root / "pyproject.toml"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    table = tomllib.loads(text).get("tool", {}).get("servey") if "servey" in text else None
    given = {
        name: value
        for name in ("action_path", "plugin_modules")
        if (value := os.environ.get(f"SERVEY_{name.upper()}"))
    }
    return {**(table or {}), **given} if given or table is not None else None


def _places(root: Path, settings: Mapping[str, Any]) -> Iterator[Path]:
    for setting in (settings.get("action_path", "actions"), settings.get("plugin_modules", ())):
        for name in setting.split(",") if isinstance(setting, str) else setting:
            yield from _place(root, name.strip())


def _place(root: Path, name: str) -> Iterator[Path]:
    """The file or folder of a module, which need not be imported for it."""
    if "/" in name or name.endswith(".py"):
        candidates = [root / name]
    else:
        stems = [folder.joinpath(*name.split(".")) for folder in (root, root / "src")]
        candidates = [path for stem in stems for path in (stem.with_suffix(".py"), stem)]
    yield from (path.resolve() for path in candidates if path.exists())


def _imports_servey(place: Path) -> bool:
    files = place.rglob("*.py") if place.is_dir() else (place,)
    return any(_IMPORT.search(file.read_bytes()) for file in files)
