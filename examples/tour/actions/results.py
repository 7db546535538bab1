"""Results that are not only JSON: texts, bytes, files, redirects, streams, and a status."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from servey_core import (
    WEB_GET,
    WEB_POST,
    ContentType,
    Example,
    File,
    NotFound,
    Redirect,
    Response,
    action,
)

_Few = Annotated[int, Field(ge=0, le=20)]

_AT_ONCE = 100


@dataclass(frozen=True)
class Tick:
    """One beat of a clock."""

    number: int
    last: bool


@action(
    triggers=WEB_GET,
    tags="results",
    examples=Example("one", {"rows": 1}, "name,town\nZoë,Köln\n"),
)
def table(rows: _Few) -> Annotated[str, ContentType("text/csv")]:
    """Give a text of a type."""
    return "name,town\n" + "Zoë,Köln\n" * rows


@action(
    triggers=WEB_GET,
    tags="results",
    examples=Example("grey", {"shade": 128}, b"P5 1 1 255\n\x80"),
)
def pixel(
    shade: Annotated[int, Field(ge=0, le=255)],
) -> Annotated[bytes, ContentType("image/x-portable-graymap")]:
    """Give bytes of a type; where there is only JSON, they are base64."""
    return b"P5 1 1 255\n" + bytes([shade])


@action(triggers=WEB_GET, tags="results", examples=Example("itself"))
def source() -> File:
    """Give a file on the disk, in the ranges that are asked for."""
    return File.at(__file__, content_type="text/x-python")


@action(
    triggers=WEB_GET,
    tags="results",
    examples=(
        Example("csv", {"what": "csv"}, Redirect("/actions/table?rows=3", 307)),
        Example("text", {"what": "text"}, "Look at csv."),
    ),
)
def leaflet(
    what: Literal["csv", "text"],
) -> Annotated[str, ContentType("text/plain")] | Redirect:
    """Give something, or say where it is."""
    return Redirect("/actions/table?rows=3", 307) if what == "csv" else "Look at csv."


@action(
    triggers=WEB_POST,
    tags="results",
    examples=(
        Example("now", {"pages": 2}, "printed"),
        Example("later", {"pages": 200}, "queued"),
        Example("none", {"pages": 0}, raises=NotFound),
    ),
)
def print_out(pages: Annotated[int, Field(ge=0)], response: Response) -> str:
    """Give a status and a header beside the result."""
    if pages == 0:
        raise NotFound("There is nothing to print.")
    response.headers["X-Pages"] = str(pages)
    if pages <= _AT_ONCE:
        return "printed"
    response.status = 202
    return "queued"


@action(
    triggers=WEB_GET,
    tags="results",
    examples=Example("two", {"count": 2}, [Tick(0, False), Tick(1, True)]),
)
async def ticks(count: _Few) -> AsyncIterator[Tick]:
    """Give one item after the other."""
    for number in range(count):
        yield Tick(number, number == count - 1)
