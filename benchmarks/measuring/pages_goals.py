"""What is to be reached by pages, and whether it was."""

from collections.abc import Iterable

from peers import FASTAPI, FASTAPI_DEF, LITESTAR, SERVEY, SERVEY_THREAD
from peers.pages import FLASK, LIMIT
from peers.pages.contract import PAGE

from measuring.figures import Key, Samples
from measuring.goals import Goal, judged


def goals(in_process: Samples, loopback: Samples) -> Iterable[Goal]:
    """The goals.

    Args:
        in_process: CPU time of a request.
        loopback: Requests per second.
    """
    yield _quicker("CPU: a small page 5 x FastAPI", in_process, 5, FASTAPI)
    yield _quicker("CPU: a sync one 3 x FastAPI's", in_process, 3, FASTAPI_DEF, SERVEY_THREAD)
    yield _quicker("CPU: quicker than Flask", in_process, 1, FLASK)
    yield _quicker("CPU: quicker than Litestar", in_process, 1, LITESTAR)
    yield _quicker("CPU: half of the limit's speed", in_process, 0.5, LIMIT)
    yield _quicker("loopback: a small page 2 x FastAPI", loopback, 2, FASTAPI)


def _quicker(text: str, samples: Samples, least: float, than: str, peer: str = SERVEY) -> Goal:
    pair = PAGE.name, Key(PAGE.name, 1, peer), Key(PAGE.name, 1, than)
    return judged(text, least, samples, [pair])
