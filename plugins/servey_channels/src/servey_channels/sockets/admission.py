"""How many clients one process serves, of one address and of one subject."""

from collections import Counter
from dataclasses import dataclass

from starlette.types import Scope

from servey_channels.settings import ChannelSettings
from servey_core import Authorization


@dataclass(slots=True, eq=False)
class Guest:
    """A client that was let in.

    Attributes:
        address: Where it comes from; empty where that is not known.
        subject: Who it is; empty for nobody.
    """

    address: str
    subject: str = ""


class Admission:
    """Counts clients, and lets no more in than there may be.

    Args:
        settings: How many there may be.
    """

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._total = 0
        self._addresses: Counter[str] = Counter()
        self._subjects: Counter[str] = Counter()

    def admit(self, scope: Scope, authorization: Authorization | None) -> Guest | None:
        """Let a client in; None where there are too many.

        Args:
            scope: Its request.
            authorization: Who it is.
        """
        client, settings = scope.get("client"), self._settings
        guest = Guest(client[0] if client else "")
        if self._total >= settings.channels_max_connections or (
            guest.address and self._addresses[guest.address] >= settings.channels_max_per_address
        ):
            return None
        if not self.is_now(guest, authorization):
            return None
        self._total += 1
        self._addresses[guest.address] += 1
        return guest

    def is_now(self, guest: Guest, authorization: Authorization | None) -> bool:
        """Note who a client is from now on; False where there are too many of that subject."""
        subject = (authorization.subject or "") if authorization else ""
        if subject == guest.subject:
            return True
        if subject and self._subjects[subject] >= self._settings.channels_max_per_subject:
            return False
        _count_down(self._subjects, guest.subject)
        self._subjects[subject] += bool(subject)
        guest.subject = subject
        return True

    def leave(self, guest: Guest) -> None:
        """A client has gone."""
        self._total -= 1
        _count_down(self._addresses, guest.address)
        _count_down(self._subjects, guest.subject)


def _count_down(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if counter[name] <= 0:
        del counter[name]
