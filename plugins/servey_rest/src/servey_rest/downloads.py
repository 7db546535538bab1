"""Files that go out: what is told of them, and their content."""

import os
from dataclasses import replace
from datetime import UTC, datetime

from servey_core import CacheHeaders, File
from servey_core.files import in_thread
from servey_rest.streaming import Parts

Stat = os.stat_result


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
