"""What is to be reached by REST, and whether it was."""

from collections.abc import Iterable

from peers import BLACKSHEEP, FASTAPI, FASTAPI_DEF, LITESTAR, SERVEY, SERVEY_THREAD
from peers.contract import (
    BLOCK_SECONDS,
    BLOCKING,
    DATACLASSES,
    GET,
    GUARDED,
    MODELS,
    POST,
    SMALL,
)

from measuring.figures import Key, Samples
from measuring.goals import Goal, judged
from measuring.tables import of_bare

SAME = 0.9
"""What counts as the same speed: the noise of a run is some hundredths."""

_GET_AND_POST = (GET.name, POST.name)
_ANSWERED = (*SMALL, GUARDED.name)


def goals(
    in_process: Samples, at_once: tuple[Samples, Samples], loopback: Samples
) -> Iterable[Goal]:
    """The goals, each judged by the least median of what it is about.

    Args:
        in_process: CPU time of a request.
        at_once: CPU time of sync functions, and the event loop's pauses.
        loopback: Requests per second.
    """
    cpu, pauses = at_once
    yield _quicker("CPU: small GET and POST 10 x FastAPI", in_process, _GET_AND_POST, 10)
    yield _near_bare("CPU: small GET and POST 0.8 x bare ASGI", in_process, _GET_AND_POST, 0.8)
    yield _as_with_one("CPU: as quick with the most actions as with the fewest", in_process)
    yield _quicker("CPU: guarded 15 x FastAPI + python-jose", in_process, [GUARDED.name], 15)
    yield _quicker("CPU: 100 items 1.3 x FastAPI", in_process, [MODELS.name], 1.3)
    yield _quicker("CPU: 100 dataclasses 2.5 x FastAPI", in_process, [DATACLASSES.name], 2.5)
    yield judged("CPU: sync actions in threads 8 x FastAPI def", 8, cpu, [_SYNC])
    yield _never_blocked("sync actions in threads never block the event loop", pauses)
    yield _quicker("loopback: 3 x FastAPI", loopback, _ANSWERED, 3)
    yield _quicker("loopback: before Litestar", loopback, _ANSWERED, 1, LITESTAR)
    yield _quicker("loopback: before BlackSheep", loopback, _ANSWERED, 1, BLACKSHEEP)


_SYNC = "get", Key(GET.name, 1, SERVEY_THREAD), Key(GET.name, 1, FASTAPI_DEF)


def _quicker(
    text: str, samples: Samples, cases: Iterable[str], least: float, than: str = FASTAPI
) -> Goal:
    pairs = [
        (f"{case}, {count}", Key(case, count, SERVEY), Key(case, count, than))
        for case in cases
        for count in samples.actions
    ]
    return judged(text, least, samples, pairs)


def _near_bare(text: str, samples: Samples, cases: Iterable[str], least: float) -> Goal:
    pairs = [
        (f"{case}, {count}", *of_bare(case, count)) for case in cases for count in samples.actions
    ]
    return judged(text, least, samples, pairs)


def _as_with_one(text: str, samples: Samples) -> Goal:
    few, many = samples.actions[0], samples.actions[-1]
    pairs = [
        (f"{case}, {many} and {few}", Key(case, many, SERVEY), Key(case, few, SERVEY))
        for case in SMALL
        if many > few
    ]
    return judged(text, SAME, samples, pairs)


def _never_blocked(text: str, pauses: Samples) -> Goal:
    """Half of one blocking call is more than the machine's noise, and less than any call."""
    pause, limit = pauses.median(Key(BLOCKING.name, 1, SERVEY_THREAD)), BLOCK_SECONDS * 1e3 / 2
    found = f"{pause:.1f} ms its longest pause, of {2 * limit:.0f} that each call blocks"
    return Goal(text, pause < limit, found)
