"""The service `schedules`: a scheduler; further nodes may have one each."""

from collections.abc import Sequence

from servey_core import Binding, Runtime, Service, ServiceContext
from servey_sched.queue import DramatiqQueue
from servey_sched.scheduling.claiming import claims_of, require_claims
from servey_sched.scheduling.plans import Plan, plans_of, schedule_bindings
from servey_sched.scheduling.scheduler import Scheduler

NAME = "schedules"


def schedules_service(runtime: Runtime, queue: DramatiqQueue) -> Service:
    """The service that fires schedules.

    Args:
        runtime: The application.
        queue: Its task queue.

    Raises:
        ActionError: A schedule cannot work.
        SettingsError: Ticks could not be claimed once over several nodes.
    """
    require_claims(runtime, queue.broker)
    plans = plans_of(runtime)
    bindings = schedule_bindings(runtime)

    async def run(context: ServiceContext) -> None:
        scheduler = Scheduler(plans, claims_of(runtime, queue.broker), lambda: runtime.state)
        context.started()
        await scheduler.run(context.stop)

    return Service(
        NAME,
        run,
        bindings=bindings,
        singleton=True,
        description=lambda _: _described(plans, bindings),
    )


def _described(plans: Sequence[Plan], bindings: Sequence[Binding]) -> str:
    enabled = sum(plan.trigger.enabled for plan in plans)
    return f"{enabled} of {len(bindings)} enabled"
