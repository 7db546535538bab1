"""Huey as it comes, which forgets a job when it is taken; SQLite is told to write to the disk."""

from collections.abc import Iterable

import huey

from peers.jobs.work import BROKER_URL, ON_REDIS, work


def _broker() -> huey.Huey:
    if ON_REDIS:
        return huey.RedisHuey(url=BROKER_URL)
    return huey.SqliteHuey(filename=BROKER_URL.removeprefix("sqlite:///"), fsync=True)


broker = _broker()
job = broker.task(name="job")(work)


class Huey:
    """Calls the task, which enqueues it."""

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            job(number)

    def close(self) -> None:
        """Leave."""
        broker.storage.close()
