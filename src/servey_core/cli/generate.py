"""`servey generate NAME`: files made from the actions."""

from collections.abc import Sequence
from pathlib import Path

import click

from servey_core.cli.application import Session, actions_option, runtime_of
from servey_core.cli.exits import FAILED
from servey_core.cli.plugged import chosen_plugins
from servey_core.cli.tables import print_table
from servey_core.errors import ConfigurationError
from servey_core.generating import Artifact, Generator

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("name", required=False)
@click.option("-o", "--output", type=_FOLDER, metavar="FOLDER", help="Write the files there.")
@click.option("--check", type=_FOLDER, metavar="FOLDER", help="Compare with the files there.")
@actions_option
@click.pass_context
def generate(
    context: click.Context,
    name: str | None,
    output: Path | None,
    check: Path | None,
    action_path: str | None,
) -> None:
    """Generate files from the actions; without NAME, list what can be generated.

    A single file is written to stdout where no folder is given. With --check nothing is written,
    and the exit status is 1 where files are missing or differ.
    """
    if output and check:
        context.fail("Give --output or --check, not both.")
    if name is None:
        _list()
        return
    artifacts = runtime_of(context, action_path).generate(name)
    if check:
        context.exit(_check(artifacts, check))
    elif output:
        _write(artifacts, output)
    elif len(artifacts) == 1:
        session = context.ensure_object(Session)
        session.out.write(artifacts[0].text.encode())
    else:
        context.fail(f"{name} makes {len(artifacts)} files: say where to, by -o FOLDER.")


def _list() -> None:
    found = chosen_plugins().collect_named("servey_generators", Generator)
    if not found:
        click.echo("No installed plugin generates anything.", err=True)
        return
    rows = [(name, one.plugin.name, one.record.description) for name, one in found.items()]
    print_table(("name", "plugin", "description"), rows)


def _write(artifacts: Sequence[Artifact], folder: Path) -> None:
    for artifact in artifacts:
        path = _place(artifact, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artifact.text, encoding="utf-8", newline="")
        click.echo(path)


def _check(artifacts: Sequence[Artifact], folder: Path) -> int:
    stale = [path for one in artifacts if not _is_same(one, path := _place(one, folder))]
    for path in stale:
        click.echo(f"{path} {'differs' if path.exists() else 'is missing'}.", err=True)
    return FAILED if stale else 0


def _is_same(artifact: Artifact, path: Path) -> bool:
    return path.is_file() and path.read_bytes() == artifact.text.encode()


def _place(artifact: Artifact, folder: Path) -> Path:
    path = folder / artifact.path
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ConfigurationError(f"A generator's file {artifact.path!r} is not below {folder}.")
    return path
