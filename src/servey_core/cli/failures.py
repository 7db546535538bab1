"""How a command ends that cannot do what it was asked: a message, and an exit status."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from servey_core.cli import exits
from servey_core.errors import ConfigurationError


class CannotStart(click.ClickException):
    """The application cannot start; the message is shown as it is."""

    exit_code = exits.CANNOT_START

    def show(self, file: object = None) -> None:  # noqa: ARG002 - the signature is click's
        """Write the message to stderr."""
        click.echo(self.message, err=True)


@contextmanager
def failures_reported() -> Iterator[None]:
    """Turn what a developer has to mend into a message without a traceback, and exit status 5."""
    try:
        yield
    except ConfigurationError as error:
        raise CannotStart(f"error: {error}") from error
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        raise click.exceptions.Exit(exits.INTERRUPTED) from None


@contextmanager
def starting() -> Iterator[None]:
    """Import an application's modules: an error in them is shown as it is, with exit status 5.

    Frames of Servey's own are left out of the traceback; notes and causes are in it.
    """
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:
        from servey_core.tracebacks import trimmed

        raise CannotStart(trimmed(error).rstrip()) from error
