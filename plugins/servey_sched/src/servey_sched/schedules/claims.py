"""Which ticks are claimed, so that each fires once over any number of nodes."""

from datetime import datetime


class ClaimTable:
    """The last claimed tick of each schedule, as a durable store holds it for all nodes.

    A tick can be claimed if it is later than the last one. That refuses a second claim, and also
    the claim of a node that decided long ago and was paused; nothing need be kept for a time.
    """

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._last: dict[str, datetime] = {}

    def last(self, schedule: str) -> datetime:
        """The last claimed tick; where there is none, the moment from which schedules count."""
        return self._last.get(schedule, self._since)

    def claim(self, schedule: str, tick: datetime) -> bool:
        """Claim a tick, in one atomic step with whatever it fires.

        Returns:
            Whether it is the caller's; False where it, or a later one, is claimed already.
        """
        if tick <= self.last(schedule):
            return False
        self._last[schedule] = tick
        return True
