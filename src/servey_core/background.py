"""How an action behaves as a background job, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from servey_core.durations import seconds_of


@dataclass(frozen=True, slots=True)
class Background:
    """How an action behaves as a background job, wherever it is sent to the background from.

    A try that fails is repeated where another may succeed: after an exception that the action's
    author did not foresee, a timeout, or a problem with status 429 or 5xx. Other problems, such as
    input that does not fit, end at once in the dead letters, as do jobs that were tried often
    enough.

    Attributes:
        queue: The queue that its jobs wait in.
        priority: Which jobs of a queue go first: those with a smaller number.
        max_retries: How often a job is tried again after it failed.
        min_backoff: How long the first repeat waits, in seconds or as a `timedelta`. Each further
            one waits twice as long, and of each a part is left to chance, so that they spread out.
        max_backoff: How long a repeat waits at most.
        backoff: How long each repeat waits, one after the other, instead: the first, the second,
            and so on; further ones wait as long as the last of them. Up to a tenth is added by
            chance.
        time_limit: After how long a try is given up, in seconds or as a `timedelta`, instead of
            after the action's `timeout`; None for that one. A coroutine is cancelled then; a
            function in a thread cannot be, and runs on unheeded.
        concurrency: How many of its jobs run at once at most, over all nodes; None for any number.
        keep_result: For how long results are kept, in seconds or as a `timedelta`, so that they
            can be waited for; None for not at all.

    Raises:
        ValueError: A number cannot be what it is for.
    """

    queue: str = "default"
    priority: int = 0
    max_retries: int = 10
    min_backoff: float | timedelta = 15.0
    max_backoff: float | timedelta = 3600.0
    backoff: Sequence[float | timedelta] = ()
    time_limit: float | timedelta | None = None
    concurrency: int | None = None
    keep_result: float | timedelta | None = None

    def __post_init__(self) -> None:
        if not self.queue.isprintable() or not self.queue.strip():
            raise ValueError(f"Background.queue: a queue cannot be called {self.queue!r}.")
        for name in ("min_backoff", "max_backoff", "time_limit", "keep_result"):
            span = getattr(self, name)
            seconds = 1.0 if span is None else seconds_of(span, f"Background.{name}")
            if seconds == 0 and name in ("time_limit", "keep_result"):
                raise ValueError(f"Background.{name} must be above 0, not {span!r}.")
        waits = tuple(seconds_of(span, "Background.backoff") for span in self.backoff)
        object.__setattr__(self, "backoff", waits)
        if self.max_retries < 0:
            raise ValueError(f"Background.max_retries: {self.max_retries} is negative.")
        if self.concurrency is not None and self.concurrency < 1:
            raise ValueError(f"Background.concurrency: {self.concurrency} lets no job run.")
        if seconds_of(self.min_backoff) > seconds_of(self.max_backoff):
            raise ValueError("Background.min_backoff is longer than max_backoff.")


ORDINARY = Background()
"""How actions behave of which nothing is said."""
