"""What is to be reached by jobs, and whether it was."""

from collections.abc import Iterable

from peers import SERVEY
from peers.jobs import CELERY, DRAMATIQ, PIKA, RABBITMQ, REDIS, SQLITE

from measuring.goals import Goal, judged
from measuring.jobs_figures import (
    BOTH,
    ENQUEUED,
    IN_BATCHES,
    RUN,
    RUN_BY_TWO,
    Measured,
    Where,
    key,
)

_RUN = (RUN, RUN_BY_TWO)


def goals(measured: Measured) -> Iterable[Goal]:
    """The goals: ratios are judged by the least median of what they are about.

    Args:
        measured: What was found.
    """
    redis, rabbitmq = (REDIS, DRAMATIQ), (RABBITMQ, PIKA)
    yield _times("redis: run, 4 x Dramatiq", 4, measured, redis, *_RUN)
    for what in (ENQUEUED, IN_BATCHES):
        yield _times(f"redis: {what}, 4 x Dramatiq", 4, measured, redis, what)
    yield _idle("redis: idle p50 within 5 ms", 5, measured, REDIS)
    for what in (ENQUEUED, IN_BATCHES):
        yield _times(f"rabbitmq: {what}, 4 x pika", 4, measured, rabbitmq, what)
    yield _times("rabbitmq: run, before Celery", 1, measured, (RABBITMQ, CELERY), *_RUN)
    yield _rate(f"sqlite: {ENQUEUED}, 3000 a second", 3000, measured, ENQUEUED)
    yield _rate(f"sqlite: {BOTH}, 1500 a second", 1500, measured, BOTH)
    yield _idle("sqlite: idle p50 within 10 ms", 10, measured, SQLITE)


def _times(text: str, least: float, measured: Measured, than: Where, *whats: str) -> Goal:
    pairs = [
        (what, key((than[0], SERVEY), what), measured.comparable(than, what)) for what in whats
    ]
    return judged(text, least, measured.rates, pairs)


def _rate(text: str, least: float, measured: Measured, what: str) -> Goal:
    mine = key((SQLITE, SERVEY), what)
    if mine not in measured.rates:
        return Goal(text, None)
    found = measured.rates.median(mine)
    return Goal(text, found >= least, f"{found:.0f} a second")


def _idle(text: str, most: float, measured: Measured, broker: str) -> Goal:
    found = measured.idle.ms((broker, SERVEY))
    if found is None:
        return Goal(text, None)
    return Goal(text, found[0] <= most, f"{found[0]:.1f} ms")
