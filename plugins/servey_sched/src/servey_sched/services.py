"""What the plugin adds to `servey serve`."""

from servey_core import Runtime, Service, SettingsError
from servey_sched.queue import NAME, DramatiqQueue
from servey_sched.scheduling.plans import schedule_bindings
from servey_sched.scheduling.service import schedules_service
from servey_sched.worker.service import jobs_service


def sched_services(runtime: Runtime) -> list[Service]:
    """The services `jobs` and, where an action has a schedule, `schedules`.

    Raises:
        ActionError: A schedule cannot work.
        SettingsError: There are schedules, and jobs go where none could put them.
    """
    queue = runtime.task_queue
    scheduled = schedule_bindings(runtime)
    if not isinstance(queue, DramatiqQueue):
        if scheduled:
            action = scheduled[0].action
            raise SettingsError(
                f"The action {action.name!r} ({action.place}) has a schedule, which needs the task "
                f"queue {NAME!r}; SERVEY_TASK_QUEUE names another."
            )
        return []
    jobs = jobs_service(runtime, queue)
    return [jobs, schedules_service(runtime, queue)] if scheduled else [jobs]
