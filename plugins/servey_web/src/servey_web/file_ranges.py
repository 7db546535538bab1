"""Files on a disk: whole, or in the ranges that are asked for (RFC 9110, section 14)."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servey_core import BadRequest, ProblemError
from servey_web.fields import replaced
from servey_web.responses import RawHeaders
from servey_web.scopes import headers_of

_OK = 200
_VALIDATORS = (b"etag", b"last-modified")
_BYTES = b"bytes="
_RANGE = re.compile(rb"[ \t]*(?:(?P<first>[0-9]{1,18})-[0-9]*|-(?P<last>[0-9]{1,18}))[ \t]*")


class PreconditionFailed(ProblemError):  # noqa: N818 - as in RFC 9110, section 15.5.13
    """The file is not the one that the caller wants it to be."""

    status = 412


class RangeNotSatisfiable(ProblemError):  # noqa: N818 - as in RFC 9110, section 15.5.17
    """The file has none of the bytes that were asked for."""

    status = 416


def from_disk(path: Path, stat: os.stat_result, head: tuple[int, RawHeaders]) -> ASGIApp:
    """What sends a file on a disk, or the ranges of it that are asked for.

    It raises `BadRequest` for what is no range, and `RangeNotSatisfiable` for one that the file
    does not have.

    Args:
        path: Where the file is.
        stat: What the disk knows of it.
        head: The status and the header fields, which go before those that are made of the file.
    """
    status, fields = head
    response = FileResponse(path, status, stat_result=stat)
    own = [field for field in response.raw_headers if field[0] != b"last-modified"]
    response.raw_headers[:] = replaced(own, fields)
    validators = {value for name, value in response.raw_headers if name in _VALIDATORS}

    async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
        scope = _with_ranges_that_count(scope, validators, status, stat.st_size)
        await response(scope, receive, _refusing(send, stat.st_size))

    return send_file


def _with_ranges_that_count(
    scope: Scope, validators: Collection[bytes], status: int, size: int
) -> Scope:
    """A request without ranges where they are to be ignored (RFC 9110, section 14.2).

    That is with any method but GET, with another status than 200, in units that are not known, and
    of another state of the file than the one that the validators name (section 13.1.5). So is one
    that the file does not have, beside another that it has.
    """
    headers = headers_of(scope)
    asked = headers.get(b"range", b"")
    kept = [field for field in scope["headers"] if field[0] not in (b"if-range", b"range")]
    if (
        scope["method"] == "GET"
        and status == _OK
        and asked[: len(_BYTES)].lower() == _BYTES
        and headers.get(b"if-range") in (None, *validators)
    ):
        kept.append((b"range", _of_the_file(asked, size)))
    return {**scope, "headers": kept}


def _of_the_file(asked: bytes, size: int) -> bytes:
    """The ranges that a file has, of those that are asked for; all of them where it has none."""
    ranges = asked[len(_BYTES) :].split(b",")
    had = [one for one in ranges if one.strip() and not _is_beyond(one, size)]
    return _BYTES + b",".join(had) if had else asked


def _is_beyond(one: bytes, size: int) -> bool:
    found = _RANGE.fullmatch(one)
    if found is None:
        return False  # it is no range, which is told
    first, last = found["first"], found["last"]
    return int(last) == 0 if first is None else int(first) >= size


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
