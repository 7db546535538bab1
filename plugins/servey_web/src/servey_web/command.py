"""`servey routes`: what the web host serves."""

from collections.abc import Iterator

import click

from servey_core import start
from servey_web.application import WebService
from servey_web.host import WebContribution
from servey_web.routes import WebRoute
from servey_web.static_site.site import METHODS

Row = tuple[str, str, str, str]


@click.command()
@click.option("--actions", "action_path", metavar="MODULE", help="Where the actions are.")
def routes(action_path: str | None) -> None:
    """List every route: its methods, path, actions and plugin."""
    service = start(action_path).services()["web"].record
    assert isinstance(service, WebService)  # noqa: S101 - the plugin `web` gives no other
    rows = [row for one in service.host.contributions for row in _rows(one)]
    if service.site is not None:
        rows.append((", ".join(METHODS), "/*", f"files of {service.site.name}", "web"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in sorted(rows, key=lambda row: row[1]):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def _rows(contribution: WebContribution) -> Iterator[Row]:
    record, plugin = contribution.record, contribution.plugin.name
    actions = ", ".join(dict.fromkeys(binding.action.name for binding in record.bindings))
    if isinstance(record, WebRoute):
        yield ", ".join(record.methods), record.path, actions or "-", plugin
    else:
        yield "*", f"{record.path}/*", actions or "-", plugin
