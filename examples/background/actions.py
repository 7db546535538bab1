"""Work that happens later: by a job, by a channel, by a schedule; and how far it is."""

import asyncio
from datetime import timedelta

from servey_core import (
    WEB_POST,
    Background,
    CronTrigger,
    Example,
    FixedRateTrigger,
    Unavailable,
    action,
    aenqueue,
    background_channel,
    current_job,
)

MAIL = Background(queue="mail", max_retries=5, min_backoff=1, time_limit=30)


@action(
    background=MAIL,
    examples=(
        Example("sent", {"to": "ann@example.com", "text": "Hello"}, "Hello, ann@example.com"),
        Example("down", {"to": "nobody", "text": "Hello"}, raises=Unavailable),
    ),
)
def send_mail(to: str, text: str) -> str:
    """Send a mail, as if there were a server that is down at times."""
    if "@" not in to:
        raise Unavailable("The mail server does not take it just now.")
    return f"{text}, {to}"


@action(triggers=WEB_POST)
async def order(item: str, email: str) -> str:
    """Take an order at once, and send the receipt a little later; gives the job's id."""
    later = aenqueue.using(delay=timedelta(seconds=1))
    job = await later(send_mail, to=email, text=f"You ordered {item}")
    return job.id


@action(
    background=Background(concurrency=1, keep_result=3600),
    examples=Example("three", {"rows": 3}, 3),
)
async def import_rows(rows: int) -> int:
    """Import rows, never twice at once over all workers, and say how far it is."""
    job = current_job()
    for row in range(rows):
        await asyncio.sleep(0.01)
        if job is not None:
            job.report(row + 1, rows, f"row {row + 1}")
    return rows


@action(background=MAIL, examples=Example("ann", {"member": "Ann"}, "Welcome, Ann!"))
async def welcome(member: str) -> str:
    """Welcome a member."""
    return f"Welcome, {member}!"


joined = background_channel(welcome)


@action(triggers=WEB_POST)
async def join(member: str) -> bool:
    """Become a member; whoever takes the event of it is not this action's business."""
    await joined.apublish(member)
    return True


@action(
    triggers=(
        CronTrigger("0 9 * * 1-5", timezone="Europe/Paris"),
        CronTrigger("30 10 * * 6,0", timezone="Europe/Paris", arguments={"long": True}),
    ),
    examples=Example("short", {}, "all is well"),
)
def report(*, long: bool = False) -> str:
    """Report at nine on weekdays, and at leisure at weekends, by the clocks of Paris."""
    return "all is well" + ", as it was all week" * long


@action(
    triggers=FixedRateTrigger(timedelta(minutes=5), jitter=10),
    examples=Example("nothing", {}, 0),
)
async def tidy_up() -> int:
    """Tidy up every five minutes, unless the last time is not over yet; gives what there was."""
    return 0
