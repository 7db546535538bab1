"""An application with one job, written in three ways."""

from peers.jobs.work import QUEUE, work

from servey_core import Background, action

BACKGROUND = Background(queue=QUEUE)


@action(background=BACKGROUND, sync_to_thread=False)
def job(number: int) -> None:
    """Take note, which does not block."""
    work(number)


@action(background=BACKGROUND)
def job_threaded(number: int) -> None:
    """Take note, in a thread."""
    work(number)


@action(background=BACKGROUND)
async def job_async(number: int) -> None:
    """Take note, in a coroutine."""
    work(number)
