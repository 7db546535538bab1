"""The plugin: what is slow to import is imported by the hook that needs it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from servey_core import Command, hookimpl

if TYPE_CHECKING:
    import click

    from servey_core import Runtime, Service, Settings, SettingsGroup, Surface, TaskQueueFactory


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """Where jobs wait, and how they are run."""
    from servey_sched.settings import SchedSettings

    return [SchedSettings]


@hookimpl
def servey_task_queues(settings: "Settings") -> "Iterable[TaskQueueFactory]":  # noqa: ARG001
    """The task queue `dramatiq`."""
    from servey_sched.queue import dramatiq_factory

    return [dramatiq_factory]


@hookimpl
def servey_services(runtime: "Runtime") -> "Iterable[Service]":
    """The services `jobs` and, where an action has a schedule, `schedules`."""
    from servey_sched.services import sched_services

    return sched_services(runtime)


@hookimpl
def servey_commands() -> Iterable[Command]:
    """The commands `worker`, `enqueue`, `jobs` and `schedules`."""
    return [
        Command("worker", "Run background jobs.", _worker),
        Command("enqueue", "Send an action to the background.", _enqueue),
        Command("jobs", "List background jobs, and retry, cancel or purge them.", _jobs),
        Command("schedules", "List schedules, or simulate them.", _schedules),
    ]


@hookimpl
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """The surface `job`."""
    from servey_sched.surface import job_surface

    return [job_surface(runtime)]


def _worker() -> "click.Command":
    from servey_sched.commands.worker import worker

    return worker


def _enqueue() -> "click.Command":
    from servey_sched.commands.enqueue import enqueue

    return enqueue


def _jobs() -> "click.Command":
    from servey_sched.commands.jobs import jobs

    return jobs


def _schedules() -> "click.Command":
    from servey_sched.commands.schedules import schedules

    return schedules
