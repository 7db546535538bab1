"""What commands that need the application have in common: starting it, and where they write."""

import functools
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeVar

import click

from servey_core.cli.failures import starting

if TYPE_CHECKING:
    from servey_core.runtime import Runtime

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Session:
    """The circumstances of one command; click carries it as the context's object.

    Attributes:
        runtime: The application, where it has started already.
        out: Where results go.
        err: Where everything else goes.
    """

    runtime: "Runtime | None" = None
    out: BinaryIO = field(default_factory=lambda: sys.stdout.buffer)
    err: TextIO = field(default_factory=lambda: sys.stderr)


actions_option = click.option(
    "--actions",
    "action_path",
    metavar="MODULE",
    help="The module, package or file that holds the actions. Left out, what the settings say.",
)


def with_runtime(function: CommandT) -> CommandT:
    """Give a command the option `--actions`, and its function the `Runtime` as first argument."""

    def command(context: click.Context, /, action_path: str | None, **options: Any) -> Any:
        return function(runtime_of(context, action_path), **options)

    functools.update_wrapper(command, function)
    return actions_option(click.pass_context(command))  # type: ignore[return-value]


def runtime_of(context: click.Context, action_path: str | None = None) -> "Runtime":
    """The application: the one that the session has, or else started now.

    Raises:
        ConfigurationError: It cannot start.
        CannotStart: One of its own modules failed.
    """
    session = context.ensure_object(Session)
    return session.runtime or start_application(action_path)


def start_application(action_path: str | None = None) -> "Runtime":
    """Start the application; what its modules print meanwhile goes to stderr.

    Raises:
        ConfigurationError: It cannot start.
        CannotStart: One of its own modules failed.
    """
    from servey_core.runtime import start

    with starting(), warnings_in_words(), redirect_stdout(sys.stderr):
        return start(action_path)


@contextmanager
def warnings_in_words() -> Iterator[None]:
    """Show warnings about settings as messages, without the line of Servey that gave them."""
    from servey_core.settings import SettingsWarning

    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if issubclass(category, SettingsWarning):
                click.echo(f"warning: {message}", err=True)
            else:
                usual(message, category, *where)

        warnings.showwarning = show  # type: ignore[assignment]
        yield
