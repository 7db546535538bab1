"""What a scheduler has to do: the application's schedule triggers, read once at start-up."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import dramatiq

from servey_core import (
    ActionError,
    AtTrigger,
    Binding,
    CronTrigger,
    FixedRateTrigger,
    JobOrder,
    Overlap,
    PermissionDenied,
    ProblemError,
    Runtime,
    ScheduleTrigger,
    Unauthorized,
)
from servey_core.durations import seconds_of
from servey_core.enqueueing import order_job
from servey_sched.brokers.base import milliseconds_of
from servey_sched.jobs.messages import message_of
from servey_sched.schedules.cron import Cron
from servey_sched.schedules.moments import Moment
from servey_sched.schedules.rates import FixedRate
from servey_sched.schedules.schedule import Schedule
from servey_sched.schedules.ticks import Ticks, tick_name

_TICKS = UUID("2f6b3d0c-54c1-4d53-8f0d-7d8c9a2b6e44")
"""The namespace of the ids of ticks' jobs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One schedule of the application.

    Attributes:
        binding: The action, and the trigger that says when.
        schedule: When it fires.
        order: The job of each tick, but for its id and key. Its arguments are those that the
            trigger gives: what the action has by default, it finds out when it runs.
    """

    binding: Binding
    schedule: Schedule
    order: JobOrder

    @property
    def name(self) -> str:
        """What it is known by."""
        return self.schedule.name

    @property
    def trigger(self) -> ScheduleTrigger:
        """What says when."""
        assert isinstance(self.binding.trigger, ScheduleTrigger)  # noqa: S101 - see `plans_of`
        return self.binding.trigger

    @property
    def overlap(self) -> Overlap:
        """What becomes of a tick while the job of an earlier one is not done."""
        return self.trigger.overlap

    def job_id(self, tick: datetime) -> str:
        """The id of a tick's job, which is its idempotency key too."""
        return str(uuid5(_TICKS, f"{self.name}\0{tick_name(tick)}"))

    def message(self, tick: datetime) -> dramatiq.Message[Any]:
        """The job of a tick, which is the same whichever node makes it."""
        job_id = self.job_id(tick)
        return message_of(
            replace(self.order, id=job_id, idempotency_key=job_id), schedule=self.name
        )


def schedule_bindings(runtime: Runtime) -> tuple[Binding, ...]:
    """The bindings that schedulers serve."""
    return tuple(one for one in runtime.bindings if isinstance(one.trigger, ScheduleTrigger))


def plans_of(runtime: Runtime) -> list[Plan]:
    """The schedules of an application, disabled ones too.

    Raises:
        ActionError: One cannot work; the text names its action, its field and what to write.
    """
    plans = [_plan(runtime, binding, name) for binding, name in _named(schedule_bindings(runtime))]
    _refuse_shared_names(plans)
    return plans


def _named(bindings: Iterable[Binding]) -> Iterable[tuple[Binding, str]]:
    """Each binding with its schedule's name: the first of an action has the action's."""
    counts: Counter[str] = Counter()
    for binding in bindings:
        assert isinstance(binding.trigger, ScheduleTrigger)  # noqa: S101
        action = binding.action.name
        counts[action] += 1
        number = counts[action]
        yield binding, binding.trigger.name or (action if number == 1 else f"{action}-{number}")


def _plan(runtime: Runtime, binding: Binding, name: str) -> Plan:
    trigger = binding.trigger
    assert isinstance(trigger, ScheduleTrigger)  # noqa: S101
    try:
        schedule = Schedule(name, _ticks(trigger), trigger.misfire, _jitter(trigger))
    except ValueError as error:
        raise _error(binding, str(error)) from None
    return Plan(binding, schedule, _order(runtime, binding, trigger))


def _order(runtime: Runtime, binding: Binding, trigger: ScheduleTrigger) -> JobOrder:
    action = binding.action.name
    try:
        order = order_job(runtime, action, trigger.arguments, authorization=trigger.authorization)
    except (Unauthorized, PermissionDenied) as error:
        raise _error(binding, _of_nobody(trigger, error)) from None
    except ProblemError as error:
        wrong = "; ".join(f"{one.pointer[2:] or 'all'}: {one.detail}" for one in error.errors)
        known = ", ".join(runtime.invoker(action).signature.parameters) or "nothing"
        fault = f"arguments: {wrong or error.detail or error.title}. The action takes {known}."
        raise _error(binding, fault) from None
    except (TypeError, ValueError) as error:
        raise _error(binding, f"arguments: {error}") from None
    written = json.loads(order.arguments)
    given = {name: value for name, value in written.items() if name in trigger.arguments}
    return replace(order, arguments=json.dumps(given).encode())


def _of_nobody(trigger: ScheduleTrigger, error: ProblemError) -> str:
    if trigger.authorization is None:
        return (
            "authorization: the action is not for everybody, and the schedule says for whom it "
            "runs it. Write authorization=Authorization('scheduler', frozenset({'a-scope'}))."
        )
    who = trigger.authorization.subject
    return (
        f"authorization: {who!r} may not run the action ({error.detail or error.title}). "
        f"Give {who!r} the scopes that it asks for, or name somebody else."
    )


def _jitter(trigger: ScheduleTrigger) -> timedelta:
    try:
        jitter = timedelta(seconds=seconds_of(trigger.jitter))
        milliseconds_of(jitter // timedelta(milliseconds=1))
    except (OverflowError, ValueError):
        raise ValueError(
            f"jitter: no job can be held back for {trigger.jitter!r}. Give at most 100 years."
        ) from None
    return jitter


def _ticks(trigger: ScheduleTrigger) -> Ticks:
    match trigger:
        case FixedRateTrigger():
            return FixedRate.every(trigger.interval)
        case CronTrigger():
            return Cron(trigger.expression, trigger.timezone)
        case AtTrigger():
            return Moment(trigger.moment)
    raise ValueError(f"{type(trigger).__qualname__} is no trigger that says when.")


def _refuse_shared_names(plans: Iterable[Plan]) -> None:
    known: dict[str, Plan] = {}
    for plan in plans:
        if other := known.get(plan.name):
            place = f"{other.binding.action.name!r} ({other.binding.action.place})"
            raise _error(
                plan.binding, f"name: a schedule of {place} is called {plan.name!r} already."
            )
        known[plan.name] = plan


def _error(binding: Binding, fault: str) -> ActionError:
    action = binding.action
    return ActionError(action.name, action.place, f"{type(binding.trigger).__name__} {fault}")
