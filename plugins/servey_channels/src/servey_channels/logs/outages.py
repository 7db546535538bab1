"""Telling once of what cannot be used, however often it is tried."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from servey_core import Unavailable

_log = logging.getLogger("servey.channels")


class Outages:
    """Turns what a log's store raises into `Unavailable`, and notes each outage once.

    Args:
        kind: What the store is: `sqlite`, `redis`.
        where: Where it is, without secrets.
        errors: What it raises.
    """

    def __init__(self, kind: str, where: object, *errors: type[Exception]) -> None:
        self._kind = kind
        self._where = where
        self._errors = errors
        self._away = False

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Use the store.

        Raises:
            Unavailable: It cannot be used just now.
        """
        try:
            yield
        except self._errors as error:
            if not self._away:
                _log.error("The events in %s cannot be used: %s", self._where, error)
            self._away = True
            raise self.unavailable() from error
        self._away = False

    def unavailable(self) -> Unavailable:
        """What is raised where the store cannot be used."""
        return Unavailable(f"The event log ({self._kind}) cannot be used just now.")
