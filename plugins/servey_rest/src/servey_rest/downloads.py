"""Files that go out: whole, in the ranges that are asked for, or not, where the caller has them."""

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servey_core import BadRequest, CacheHeaders, File, ProblemError
from servey_core.files import in_thread
from servey_rest.fields import replaced
from servey_rest.streaming import Head, Parts
from servey_web import headers_of

Stat = os.stat_result

_VALIDATORS = (b"etag", b"last-modified")


class RangeNotSatisfiable(ProblemError):  # noqa: N818 - as in RFC 9110, section 15.5.17
    """The file has none of the bytes that were asked for."""

    status = 416


async def stat_of(file: File) -> Stat | None:
    """What the disk knows of a file; None where it is on none.

    Raises:
        OSError: It is no longer there.
    """
    return None if file.path is None else await in_thread(file.path.stat)


def stamp_of(file: File, stat: Stat | None) -> bytes:
    """What changes with the content of a file: for one on a disk, its time and its size."""
    return file.content() if stat is None else b"%x-%x" % (stat.st_mtime_ns, stat.st_size)


def file_hint(hint: CacheHeaders | None, stat: Stat | None) -> CacheHeaders | None:
    """A caching hint with what the disk tells of a file, where the hint leaves it open."""
    if stat is None:
        return hint
    hint = hint or CacheHeaders()
    return replace(
        hint,
        etag=hint.etag or f"{stat.st_mtime_ns:x}-{stat.st_size:x}",
        last_modified=hint.last_modified or datetime.fromtimestamp(stat.st_mtime, UTC),
    )


async def send_content(file: File, parts: Parts) -> None:
    """Send the content of a file, piece by piece."""
    async for chunk in file.chunks():
        await parts.send(chunk)
    await parts.end()


def from_disk(path: Path, stat: Stat, head: Head) -> ASGIApp:
    """What sends a file on a disk, or the ranges of it that are asked for.

    It raises `BadRequest` for what is no range, and `RangeNotSatisfiable` for one that the file
    does not have.
    """
    status, fields = head
    response = FileResponse(path, status, stat_result=stat)
    own = [field for field in response.raw_headers if field[0] != b"last-modified"]
    response.raw_headers[:] = replaced(own, fields)
    validators = {value for name, value in response.raw_headers if name in _VALIDATORS}

    async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
        scope = _with_ranges_that_count(scope, validators)
        await response(scope, receive, _refusing(send, stat.st_size))

    return send_file


def _with_ranges_that_count(scope: Scope, validators: Collection[bytes]) -> Scope:
    """A request without ranges where they are to be ignored (RFC 9110, section 14.2).

    That is with any method but GET, in units that are not known, and of another state of the file
    than the one that the validators name (section 13.1.5).
    """
    headers = headers_of(scope)
    counts = (
        scope["method"] == "GET"
        and headers.get(b"range", b"").lower().startswith(b"bytes=")
        and headers.get(b"if-range") in (None, *validators)
    )
    ignored = (b"if-range",) if counts else (b"if-range", b"range")
    return {**scope, "headers": [field for field in scope["headers"] if field[0] not in ignored]}


def _refusing(send: Send, size: int) -> Send:
    """A `send` that raises what is wrong with ranges, rather than sending it in its own words."""

    async def refuse(message: Message) -> None:
        status = message.get("status")
        if status == RangeNotSatisfiable.status:
            raise RangeNotSatisfiable(
                f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
            )
        if status == BadRequest.status:
            raise BadRequest("The header Range cannot be read.")
        await send(message)

    return refuse
