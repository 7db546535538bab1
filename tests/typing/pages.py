"""What type checkers must see: a cursor is the plain value to the function, and to who calls it.

Nothing here is run: mypy and pyright read it, and compare.
"""

from datetime import datetime
from typing import Annotated, Any, assert_type

from pydantic import Field

from servey_core import Cursor, Page, RateLimit, action


@action
def numbers(after: Cursor[int] | None = None, limit: int = 20) -> Page[int]:
    assert_type(after, int | None)
    start = after or 0
    return Page(list(range(start, start + limit)), next=start + limit)


@action
def moments(after: Annotated[Cursor[tuple[datetime, int]], Field()]) -> Page[datetime]:
    assert_type(after[0], datetime)
    return Page([after[0]], next=after)


assert_type(numbers(3), Page[int])
assert_type(numbers().items, list[int])
place: Any = numbers().next
numbers(after=place)
Page(["a"])

numbers(after="1Mg")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

RateLimit("10/minute", per="everybody")
RateLimit("10/minute", per="user")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
