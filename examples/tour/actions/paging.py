"""A long list in pages: a cursor is a plain value here, and an opaque text to callers."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from servey_core import WEB_GET, BatchInvoker, Cursor, Example, InvalidInput, Page, action

_EDITORS = {1926: "Hugo Gernsback", 1930: "Harry Bates", 1950: "H. L. Gold", 1952: "Paul Fairman"}


def editors_of(years: list[int]) -> list[str | None]:
    """Find several editors at once, as a database would."""
    return [_EDITORS.get(year) for year in years]


@dataclass(frozen=True, order=True)
class Issue:
    """One issue of a magazine.

    Attributes:
        published: When it came out.
        title: What is on its cover.
    """

    published: date
    title: str

    @action(
        batch=BatchInvoker(editors_of, key=lambda issue: issue.published.year),
        examples=Example(
            "galaxy", {"self": {"published": date(1950, 10, 1), "title": "Galaxy"}}, "H. L. Gold"
        ),
    )
    def editor(self) -> str | None:
        """Say who chose the stories; GraphQL asks for those of a whole page by one call."""
        return _EDITORS.get(self.published.year)


_ISSUES = [
    Issue(date(1926, 4, 1), "Amazing Stories"),
    Issue(date(1930, 1, 1), "Astounding Stories"),
    Issue(date(1949, 12, 1), "The Magazine of Fantasy"),
    Issue(date(1950, 10, 1), "Galaxy"),
    Issue(date(1952, 3, 1), "If"),
]


@action(
    triggers=WEB_GET,
    tags="paging",
    examples=(
        Example("first", {"limit": 2}, Page(_ISSUES[:2], next=_ISSUES[1])),
        Example("next", {"after": _ISSUES[1], "limit": 2}, Page(_ISSUES[2:4], next=_ISSUES[3])),
        Example("last", {"after": _ISSUES[3]}, Page(_ISSUES[4:])),
        Example("forged", {"after": "5"}, raises=InvalidInput),
    ),
)
def list_issues(
    after: Cursor[Issue] | None = None, limit: Annotated[int, Field(ge=1, le=100)] = 20
) -> Page[Issue]:
    """List the issues, the oldest first.

    Args:
        after: Where to go on: `next` of the page before.
        limit: How many to list.
    """
    found = [issue for issue in _ISSUES if after is None or issue > after]
    return Page(found[:limit], next=found[limit - 1] if len(found) > limit else None)
