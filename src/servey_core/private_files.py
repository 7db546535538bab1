"""Files that nobody else may read, made without being opened by their names."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def make_private(path: Path) -> None:
    """Make an empty file for its owner alone, where there is none.

    A process that closes any descriptor of a file loses all its locks on it (POSIX, fcntl), and
    SQLite's are such locks: the next process that ends would then take itself for the last one,
    and delete what has not been moved from the log to the file yet (see "How to corrupt an SQLite
    database file", section 2.2). So the file is made under another name, and then given its own.

    Raises:
        OSError: It cannot be made.
    """
    if path.exists():
        return
    draft = path.with_name(f"{path.name}-{uuid4().hex}")
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
