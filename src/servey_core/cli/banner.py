"""What `servey serve` says on the console before it serves."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
from pydantic import SecretStr

from servey_core.actions import Binding
from servey_core.logs import log_format
from servey_core.plugins import Contribution
from servey_core.runtime import Runtime
from servey_core.services import Service, Sockets
from servey_core.settings import GENERATED, Settings
from servey_core.triggers import WebTrigger

_log = logging.getLogger("servey.serve")

_MOST_ROWS = 50


@dataclass(frozen=True)
class Serving:
    """What is about to be served.

    Attributes:
        runtime: The application.
        services: The services to run, by name.
        sockets: What they listen on.
    """

    runtime: Runtime
    services: Mapping[str, Contribution[Service]]
    sockets: Sockets = field(default_factory=dict)

    @property
    def records(self) -> list[Service]:
        """The services, without their names and owners."""
        return [one.record for one in self.services.values()]


def banner(serving: Serving, warnings: Iterable[str]) -> str:
    """Say what is served, where and by whom, and what to watch out for.

    Args:
        serving: What is served.
        warnings: What to watch out for.
    """
    sections = [
        heading(serving.runtime.settings),
        *_section("Services", [_service(serving, one) for one in serving.records]),
        *_section("Actions", _actions(serving)),
        *_section("Made up for this start", secrets(serving.runtime.settings)),
        *_section("Warnings", list(warnings)),
    ]
    return "\n\n".join(sections) + "\n"


def heading(settings: Settings) -> str:
    """The version and the environment."""
    return f"Servey {_version()}, {settings.core.environment}"


def secrets(settings: Settings) -> list[str]:
    """The secrets that were made up, in development, as variables to set."""
    if not settings.core.development:
        return []
    return [f"{one.variable}={_plain(one.value)}" for one in settings if one.origin == GENERATED]


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def announce(serving: Serving, warnings: Iterable[str]) -> None:
    """Say it: as text where a person may read it, and else in the log, without any secret.

    Args:
        serving: What is served.
        warnings: What to watch out for.
    """
    settings = serving.runtime.settings
    if for_people(settings):
        click.echo(banner(serving, warnings), err=True)
        return
    _log_all(warnings)
    _log.info("%s", heading(settings), extra={"actions": len(serving.runtime.actions)})


def announce_reloading(
    settings: Settings, folders: Iterable[Path], warnings: Iterable[str]
) -> None:
    """Say what is watched, and what stays the same at each new start.

    Args:
        settings: The settings.
        folders: What is watched.
        warnings: What to watch out for.
    """
    places = ", ".join(map(str, folders))
    if not for_people(settings):
        _log_all(warnings)
        _log.info("Reloading at changes in %s.", places)
        return
    sections = [
        f"Reloading at changes in {places}",
        *_section("Made up for this start", secrets(settings)),
        *_section("Warnings", list(warnings)),
    ]
    click.echo("\n\n".join(sections) + "\n", err=True)


def _log_all(warnings: Iterable[str]) -> None:
    for warning in warnings:
        _log.warning("%s", warning)


def for_people(settings: Settings) -> bool:
    """Whether stderr is a console, or at least one that a developer reads."""
    core = settings.core
    if core.development and core.log_format == "auto":
        return True
    return log_format(core) == "console"


def _version() -> str:
    try:
        return version("servey-core")
    except PackageNotFoundError:
        return "(not installed)"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["\n".join([f"{title}:", *(f"  {line}" for line in lines)])] if lines else []


def _service(serving: Serving, service: Service) -> str:
    description = service.description(serving.sockets.get(service.name, ()))
    return f"{service.name}: {description}" if description else service.name


def _actions(serving: Serving) -> list[str]:
    """A line for each binding, and for each action without one, in columns."""
    rows = list(_rows(serving))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)) for row in rows[:_MOST_ROWS]]
    if (more := len(rows) - _MOST_ROWS) > 0:
        lines.append(f"... and {more} more: servey actions")
    return lines


def _rows(serving: Serving) -> Iterator[tuple[str, str, str]]:
    for action in serving.runtime.actions.values():
        for trigger in action.triggers:
            binding = Binding(action, trigger)
            if owners := _owners(serving, binding):
                yield _how(binding), action.name, f"({', '.join(owners)})"
        if not action.triggers:
            yield "servey run", action.name, "(no trigger)"


def _owners(serving: Serving, binding: Binding) -> list[str]:
    """The distributions that serve a binding here."""
    return [
        one.record.owner_of(binding) or one.plugin.distribution
        for one in serving.services.values()
        if any(
            b.action is binding.action and b.trigger is binding.trigger for b in one.record.bindings
        )
    ]


def _how(binding: Binding) -> str:
    trigger = binding.trigger
    if isinstance(trigger, WebTrigger):
        return f"{trigger.method} {trigger.path_for(binding.action)}"
    return str(trigger)
