"""`servey graphql-persist`: makes the list of documents that callers name rather than send."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from servey_core import ProblemError, Runtime, with_runtime
from servey_graphql.serving.persisted import document_hash
from servey_graphql.serving.problems import InvalidDocument
from servey_graphql.serving.routes import engine_of

_SUFFIXES = (".graphql", ".gql")


@click.command()
@click.argument(
    "places", metavar="FILE_OR_FOLDER...", nargs=-1, required=True, type=click.Path(exists=True)
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Where to write the list.")
@with_runtime
def graphql_persist(runtime: Runtime, places: tuple[str, ...], output: str | None) -> None:
    """List documents by their hashes, for SERVEY_GRAPHQL_PERSISTED_DOCUMENTS.

    Each file is one document; of folders, those named *.graphql and *.gql, however deep. What does
    not fit the schema, or goes beyond a limit, is told, and nothing is written then.
    """
    documents = engine_of(runtime).documents
    listed, refused = {}, []
    for file in _files(map(Path, places)):
        text = file.read_text(encoding="utf-8")
        try:
            documents.get(text)
        except ProblemError as error:
            refused.append(f"{file}: {_reason(error)}")
        listed[document_hash(text)] = text
    if refused:
        raise click.ClickException("\n".join(refused))
    written = json.dumps(dict(sorted(listed.items())), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(written, nl=False)
    else:
        Path(output).write_text(written, encoding="utf-8")
        click.echo(f"{output}: {len(listed)} documents", err=True)


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(one for one in place.rglob("*") if one.suffix in _SUFFIXES)
        else:
            yield place


def _reason(error: ProblemError) -> str:
    found = error.found if isinstance(error, InvalidDocument) else ()
    told = [
        f"{one.message} (line {one.locations[0].line})" if one.locations else one.message
        for one in found
    ]
    return " ".join(told) or error.detail
