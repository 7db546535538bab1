"""Where the server is in its life: the server writes it, the application reads it."""

import asyncio


class Lifecycle:
    """Where the server is in its life.

    Attributes:
        started: Set once connections are accepted.
        draining: Whether a stop is under way: `/readyz` says so, and what is cut is told 503.
        leaving: Set once no connections are accepted any more: what would never end ends now.
    """

    __slots__ = ("draining", "leaving", "started")

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.draining = False
        self.leaving = asyncio.Event()
