"""What of a folder answers a path: a file, a folder's index, a file by its fingerprinted name."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from servey_web.static_site.content_types import content_type_of
from servey_web.static_site.encodings import SUFFIXES, choose_coding
from servey_web.static_site.fingerprints import without_fingerprint
from servey_web.static_site.names import segments_of
from servey_web.static_site.store import FileStore, StoredFile

INDEX = "index.html"


@dataclass(frozen=True, slots=True)
class Found:
    """A file as the answer to a request.

    Attributes:
        file: What is sent: the file, or a compressed form of it.
        content_type: What it is.
        coding: How it is compressed; None where it is not.
        has_codings: Whether there are compressed forms of it.
        is_immutable: Whether what is at this path will never be anything else.
        status: The status.
        by_accept: Whether a caller that accepts something else is answered otherwise.
    """

    file: StoredFile
    content_type: bytes
    coding: str | None
    has_codings: bool
    is_immutable: bool
    status: int = 200
    by_accept: bool = False


@dataclass(frozen=True, slots=True)
class MovedToFolder:
    """What was asked for is a folder, whose path ends with a slash.

    Attributes:
        segments: The path's names.
    """

    segments: tuple[str, ...]


class Lookup:
    """Finds files by paths. It waits for the disk; threads may share it.

    Args:
        store: The files.
        immutable: Patterns of the paths of files that never change, such as `assets/*`.
    """

    def __init__(self, store: FileStore, immutable: Sequence[str]) -> None:
        self._store = store
        self._immutable = tuple(immutable)

    def at(
        self, path: str, raw_path: bytes, accept_encoding: bytes | None
    ) -> Found | MovedToFolder | None:
        """What answers a path; None where nothing does.

        Args:
            path: The path, decoded.
            raw_path: The same as it was sent.
            accept_encoding: The codings that the caller knows.
        """
        segments = segments_of(path, raw_path)
        if segments is None:
            return None
        if not segments[-1]:
            return self.named((*segments[:-1], INDEX), accept_encoding)
        found = self.named(segments, accept_encoding)
        if found is not None:
            return found
        found = self._by_fingerprint(segments, accept_encoding)
        if found is None and self._store.file((*segments, INDEX)) is not None:
            return MovedToFolder(segments)
        return found

    def named(
        self,
        segments: Sequence[str],
        accept_encoding: bytes | None = None,
        fingerprint: str | None = None,
    ) -> Found | None:
        """The file of a name, in the form that the caller likes best.

        Args:
            segments: The names, from the folder downwards.
            accept_encoding: The codings that the caller knows.
            fingerprint: What the name said of the content. Where it is another by now, or on
                this host, the file is sent all the same, but not for good: hosts of the version
                before and after give out each other's names for a while.
        """
        file = self._store.file(segments)
        if file is None:
            return None
        forms = self._compressed(segments, file)
        coding = choose_coding(accept_encoding, forms)
        path = "/".join(segments)
        immutable = any(fnmatchcase(path, pattern) for pattern in self._immutable)
        return Found(
            file=forms[coding] if coding else file,
            content_type=content_type_of(segments[-1]),
            coding=coding,
            has_codings=bool(forms),
            is_immutable=immutable if fingerprint is None else file.tag.startswith(fingerprint),
        )

    def _by_fingerprint(
        self, segments: tuple[str, ...], accept_encoding: bytes | None
    ) -> Found | None:
        parts = without_fingerprint(segments[-1])
        if parts is None:
            return None
        name, fingerprint = parts
        return self.named((*segments[:-1], name), accept_encoding, fingerprint)

    def _compressed(self, segments: Sequence[str], file: StoredFile) -> dict[str, StoredFile]:
        """The compressed forms beside a file, the smallest first; older ones are of another."""
        found = {
            coding: form
            for coding, suffix in SUFFIXES.items()
            if (form := self._store.file((*segments[:-1], f"{segments[-1]}{suffix}")))
            and form.stat.st_mtime_ns >= file.stat.st_mtime_ns
        }
        return dict(sorted(found.items(), key=lambda one: one[1].stat.st_size))
