"""What was found a moment ago: what is asked for all the time is not looked for each time."""

import time

from servey_web.static_site.lookup import Found

_MOST = 256

Asked = tuple[str, bytes, bytes | None]
"""A path, the same as it was sent, and the codings that the caller knows."""


class RecentFinds:
    """Small files that were found, for as long as they count as new.

    Args:
        seconds: How long that is; 0 for not at all.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._found: dict[Asked, tuple[float, Found]] = {}

    def get(self, asked: Asked) -> Found | None:
        """What was found for a request like this one."""
        until, found = self._found.get(asked, (0.0, None))
        return found if time.monotonic() < until else None

    def add(self, asked: Asked, found: Found) -> None:
        """Keep what was found, unless it has to be read again anyway."""
        if not self._seconds or found.file.content is None:
            return
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[asked] = time.monotonic() + self._seconds, found
