"""Waiting for what the clock, a thread or another process brings about, without being told."""

import faulthandler
import time
from collections.abc import Callable

PATIENCE = 60.0
"""After how many seconds a test gives up; nothing waits as long where all is well."""

_STEP = 0.005
_LONGEST_STEP = 1.0
"""How much of the time between two looks counts: in the rest the whole machine stood still."""


def until(condition: Callable[[], object], patience: float = PATIENCE) -> float:
    """Wait until something is true; how long it took, in seconds.

    Raises:
        AssertionError: It does not come about; stderr says where all threads are.
    """
    began = last = time.monotonic()
    waited = 0.0
    while not condition():
        if waited >= patience:
            faulthandler.dump_traceback()
            raise AssertionError("it does not come about")
        time.sleep(_STEP)
        last, before = time.monotonic(), last
        waited += min(last - before, _LONGEST_STEP)
    return time.monotonic() - began
