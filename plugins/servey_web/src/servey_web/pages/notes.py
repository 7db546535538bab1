"""What pages were made of, for tests: they see the HTML, and compare the result."""

from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from servey_core import Runtime
from servey_web.belongings import one_of
from servey_web.scopes import REQUEST_ID

MAX_NOTES = 256


@dataclass(frozen=True, slots=True)
class Note:
    """What one page was made of.

    Attributes:
        model: The result as JSON; None where the page shows a problem.
        is_personal: Whether the template may give each caller another page.
        problem: The problem's members; None where the page shows a result.
    """

    model: bytes | None = None
    is_personal: bool = False
    problem: dict[str, Any] | None = None


@dataclass
class Notes:
    """What the pages of an application were made of, by the ids of their requests.

    Attributes:
        wanted: Whether any are taken; said before the application is served.
    """

    wanted: bool = False
    _kept: dict[bytes, Note] = field(default_factory=dict)

    @classmethod
    def of(cls, runtime: Runtime) -> "Notes":
        """Those of an application."""
        return one_of(runtime, cls, cls)

    def keep(self, scope: Scope, note: Note) -> None:
        """Keep what the page of a request was made of."""
        while len(self._kept) >= MAX_NOTES:
            del self._kept[next(iter(self._kept))]
        self._kept[scope[REQUEST_ID]] = note

    def take(self, request_id: bytes) -> Note | None:
        """What the page of a request was made of; it is not kept any longer."""
        return self._kept.pop(request_id, None)
