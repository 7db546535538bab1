"""`servey serve`: start the application, account for it, and run its services."""

import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from servey_core.children import Assignment, Children, take_assignment
from servey_core.cli.application import actions_option
from servey_core.cli.banner import Serving, announce, announce_reloading
from servey_core.cli.failures import starting
from servey_core.cli.targets import is_module, pick
from servey_core.errors import ConfigurationError, DiscoveryError
from servey_core.logs import configure_logging
from servey_core.reloading import serve_reloading
from servey_core.runtime import Runtime, load, start
from servey_core.safety import warnings_about
from servey_core.services import Service, listening
from servey_core.serving import serve_services
from servey_core.settings import Settings, SettingsWarning
from servey_core.supervision import runs_in, supervise


@dataclass(frozen=True)
class Order:
    """What the command line asks for.

    Attributes:
        words: Names of services, and modules of actions.
        action_path: Modules of actions, said to be such.
        services: Names of services, said to be such.
        host: The address to listen on.
        port: The port.
        workers: How many worker processes there shall be; None for this process alone.
        reload: Whether to start anew when files change.
        settings: Further settings that it gives, by name.
    """

    words: tuple[str, ...] = ()
    action_path: str | None = None
    services: tuple[str, ...] = ()
    host: str | None = None
    port: int | None = None
    workers: int | None = None
    reload: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def given(self) -> Mapping[str, object]:
        """The settings among it."""
        return {"host": self.host, "port": self.port, **self.settings}

    @property
    def modules(self) -> list[str]:
        """The modules of actions, all of them."""
        said = self.action_path.split(",") if self.action_path else []
        return [*said, *(word for word in self.words if is_module(word))]

    @property
    def command_of_children(self) -> list[str]:
        """The command line of a child process; settings reach it by the environment."""
        arguments = [f"--service={name}" for name in self.services]
        if self.action_path:
            arguments.append(f"--actions={self.action_path}")
        program = [sys.executable, "-m", "servey_core"]
        return [*program, "serve", *arguments, "--", *self.words]


@click.command()
@click.argument("words", nargs=-1, metavar="[SERVICE|MODULE]...")
@actions_option
@click.option("--service", "services", multiple=True, metavar="NAME", help="A service to run.")
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 for a free one.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Serve by N worker processes."
)
@click.option("--reload", is_flag=True, help="Start anew when files change; for development.")
@click.pass_context
def serve(context: click.Context, /, **options: Any) -> None:
    """Serve the actions, by all services or by those that are named.

    A word that is a path, a dotted name or a module says where the actions are.
    """
    order = Order(**options)
    if order.reload and order.workers:
        raise click.UsageError(
            "--reload is for development and --workers for production: take one."
        )
    if os.name == "nt" and (order.reload or order.workers):
        raise click.UsageError(
            "--workers and --reload do not work on Windows; for the latter, watchfiles has "
            "a command of its own: watchfiles 'servey serve'"
        )
    context.exit(run_order(order))


def run_order(order: Order) -> int:
    """Serve what is asked for, until a signal or a crash stops it; the exit status."""
    return _run(order, take_assignment())


def _run(order: Order, assignment: Assignment | None) -> int:
    if assignment is not None:
        assignment.end_with_parent()
    configure_logging(Settings.load(given=order.given).core)
    if order.reload:
        return _reload(order)
    if assignment is not None and assignment.index is not None:
        return _work(order, assignment, assignment.index)
    serving = _prepare(order)
    if order.workers:
        _require_some_to_multiply(serving.records)
    with listening(serving.records) as sockets:
        serving = replace(serving, sockets=sockets)
        settings = serving.runtime.settings
        announce(serving, [] if assignment else list(warnings_about(settings)))
        if order.workers:
            return _supervise(order, serving, order.workers)
        child = assignment is not None
        return serve_services(serving.runtime, serving.records, sockets, child=child)


def _prepare(order: Order) -> Serving:
    """Start the application, account for every binding, and pick what to run.

    Raises:
        ConfigurationError: Something cannot work; nothing listens yet.
    """
    runtime = _start(order)
    services = runtime.services()
    runtime.require_served(one.record for one in services.values())
    if not services:
        raise ConfigurationError(
            "There is nothing to run: no installed plugin gives a service. "
            "To serve actions over HTTP: pip install servey-web servey-rest"
        )
    picked = pick(order.words, order.services, services)
    _ = runtime.authorizer  # a key that is missing is missing now, and not at the first request
    _ = runtime.state  # and so is a plugin for the store
    return Serving(runtime, {name: services[name] for name in picked})


def _start(order: Order) -> Runtime:
    try:
        with starting():
            return start(",".join(order.modules) or None, given=order.given)
    except DiscoveryError as error:
        if not order.words or order.modules:
            raise
        words = " and ".join(repr(word) for word in order.words)
        raise DiscoveryError(f"{error} ({words} is not a module here either.)") from None


def _work(order: Order, assignment: Assignment, index: int) -> int:
    """Be one of several workers; the parent has said already what there is to say."""
    warnings.simplefilter("ignore", SettingsWarning)
    serving = _prepare(order)
    services = [one for one in serving.records if runs_in(index, one)]
    with assignment.listening() as sockets:
        return serve_services(serving.runtime, services, sockets, worker=index, child=True)


def _supervise(order: Order, serving: Serving, count: int) -> int:
    settings = serving.runtime.settings
    grace = settings.core.grace_seconds
    children = Children(order.command_of_children, settings.as_environment(), grace)
    return supervise(children, serving.records, serving.sockets, count=count, grace_seconds=grace)


def _require_some_to_multiply(services: Sequence[Service]) -> None:
    if all(service.singleton for service in services):
        names = ", ".join(service.name for service in services)
        raise click.UsageError(f"--workers: of {names} there is one only, whatever N is.")


def _reload(order: Order) -> int:
    """Start children only: this process imports none of the application's modules.

    What it makes up, such as keys, stays the same in all of them.
    """
    given = {**order.given, "plugin_modules": ()}
    settings, _ = load(given)
    environment = settings.as_environment()
    environment.pop("SERVEY_PLUGIN_MODULES", None)
    folders = watched(order.modules)
    announce_reloading(settings, folders, list(warnings_about(settings, reload=True)))
    grace = settings.core.grace_seconds
    children = Children(order.command_of_children, environment, grace)
    return serve_reloading(children, folders, grace_seconds=grace)


def watched(modules: Iterable[str]) -> list[Path]:
    """The working folder, and the folders of modules that are given by their paths."""
    here = Path.cwd()
    given = [Path(module).resolve().parent for module in modules]
    return [here, *(one for one in given if one.is_dir() and not one.is_relative_to(here))]
