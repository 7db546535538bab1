"""`servey new NAME`: a project that serves, and passes its tests, at once."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

import click

from servey_core.errors import ConfigurationError

_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_SUFFIX = ".template"
_DOT = "dot-"


@click.command()
@click.argument("name", metavar="NAME")
def new(name: str) -> None:
    """Make a project in a new folder NAME; `.` is the working folder, where that is empty.

    The project has two actions with examples, one of them guarded, and tests.
    """
    folder = Path(name)
    project = _project_name(folder)
    _require_room(folder)
    for path, text in _rendered({"name": project, **_requirements()}):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"Made {project} in {folder.resolve()}.\n\nNext:\n{_next_steps(name)}")


def _project_name(folder: Path) -> str:
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} cannot name a project: begin with a letter, go on with letters, digits, "
            f"dots, dashes and underscores, and end with a letter or a digit.",
            param_hint="NAME",
        )
    return name


def _require_room(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.BadParameter(
            f"{str(folder)!r} is there already, and is not an empty folder.", param_hint="NAME"
        )


def _rendered(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each file's path in the project, and its text."""
    for path, source in _templates(files("servey_core.cli") / "template"):
        name = path.removesuffix(_SUFFIX).replace(_DOT, ".")
        yield name, Template(source.read_text(encoding="utf-8")).substitute(values)


def _templates(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    found = False
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _templates(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            found = True
            yield prefix + entry.name, entry
    if not found and not prefix:
        raise ConfigurationError("servey-core is installed without its project template.")


def _requirements() -> dict[str, str]:
    """The distributions that the project needs, of the same series as this one."""
    try:
        major, minor, *_ = version("servey-core").split(".")
    except PackageNotFoundError:  # run from a checkout
        pin = ""
    else:
        pin = f">={major}.{minor},<{major}.{int(minor) + 1}"
    return {name: f"servey-{name}{pin}" for name in ("core", "web", "rest")}


def _next_steps(name: str) -> str:
    steps = [] if name == "." else [f"cd {name}"]
    steps += ["servey serve", "servey run say_hello --name World", "pytest"]
    return "\n".join(f"  {step}" for step in steps)
