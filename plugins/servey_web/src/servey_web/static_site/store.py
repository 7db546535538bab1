"""The files of a folder: found by plain names, read once for as long as they stay as they are."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import fstat, stat_result
from pathlib import Path
from stat import S_ISREG
from threading import Lock

from servey_core.naming import nearest
from servey_web.static_site.names import are_plain

LARGEST_READ = 16 * 1024 * 1024
"""Up to how many bytes a file is read to name its content; a larger one is told by its time."""
_LARGEST_KEPT = 256 * 1024
_KEPT_BYTES = 32 * 1024 * 1024
_KEPT_FILES = 10_000
_SETTLED_NS = 100_000_000
"""After so many nanoseconds, another change to a file is sure to give it another time."""
_TAG_LENGTH = 32


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was when it was read.

    Attributes:
        path: Where it is, with no symbolic link in it.
        stat: What the disk knows of it.
        tag: Names its content: the beginning of its SHA-256 in hexadecimal, which is the same on
            every host. Of a file that is too large for that, its time and size.
        content: What is in it, where it is small.
    """

    path: Path
    stat: stat_result
    tag: str
    content: bytes | None

    @property
    def is_hashed(self) -> bool:
        """Whether the tag is made of the content."""
        return self.stat.st_size <= LARGEST_READ


class FileStore:
    """The files below a folder. Its methods wait for the disk; threads may share it.

    Args:
        root: The folder.

    Attributes:
        root: The folder, with no symbolic link in it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._kept: OrderedDict[Path, StoredFile] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()

    def file(self, names: Sequence[str]) -> StoredFile | None:
        """The file of a name; None where there is none that may be seen.

        Args:
            names: Plain names, from the folder downwards.
        """
        try:
            path = self.root.joinpath(*names).resolve(strict=True)
            inside = path.relative_to(self.root).parts
            found = path.stat()
            seen = are_plain(inside) and S_ISREG(found.st_mode)
            return self._stored(path, found) if seen else None
        except (OSError, RuntimeError, ValueError):  # not there, not ours, a loop, outside, no name
            return None

    def names(self, largest: int | None = None) -> Iterator[str]:
        """The paths of all files, with slashes, from the folder downwards.

        Args:
            largest: How many bytes a file may have to be among them; left out, any number.
        """
        for path in sorted(self.root.rglob("*")):
            names = path.relative_to(self.root).parts
            if not are_plain(names) or not path.is_file():
                continue
            if largest is None or path.stat().st_size <= largest:
                yield "/".join(names)

    def hint(self, name: str) -> str:
        """A question whether another name is meant, to be told of one that is not there."""
        near = nearest(name, self.names())
        return f" Did you mean {near!r}?" if near else ""

    def _stored(self, path: Path, found: stat_result) -> StoredFile:
        with self._lock:
            known = self._kept.get(path)
            if known is not None and _stamp(known.stat) == _stamp(found):
                self._kept.move_to_end(path)
                return known
        stored = _read(path)
        self._keep(path, stored)
        return stored

    def _keep(self, path: Path, stored: StoredFile) -> None:
        changed = max(stored.stat.st_mtime_ns, stored.stat.st_ctime_ns)
        with self._lock:
            if (before := self._kept.pop(path, None)) is not None:
                self._kept_bytes -= len(before.content or b"")
            if time.time_ns() - changed < _SETTLED_NS:
                return
            self._kept[path] = stored
            self._kept_bytes += len(stored.content or b"")
            while self._kept_bytes > _KEPT_BYTES or len(self._kept) > _KEPT_FILES:
                _, oldest = self._kept.popitem(last=False)
                self._kept_bytes -= len(oldest.content or b"")


def _read(path: Path) -> StoredFile:
    """Read a file, and what the disk knows of the very same one."""
    with path.open("rb") as file:
        found = fstat(file.fileno())
        if found.st_size > LARGEST_READ:
            tag = f"{found.st_mtime_ns:x}-{found.st_size:x}"
            return StoredFile(path, found, tag, None)
        content = file.read(_LARGEST_KEPT) if found.st_size <= _LARGEST_KEPT else None
        digest = (
            hashlib.sha256(content)
            if content is not None
            else hashlib.file_digest(file, hashlib.sha256)
        )
    return StoredFile(path, found, digest.hexdigest()[:_TAG_LENGTH], content)


def _stamp(found: stat_result) -> tuple[int, ...]:
    """What is another whenever the content is, even where a program sets the times of files."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
