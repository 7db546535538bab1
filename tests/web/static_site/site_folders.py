"""Folders of files for the tests of static files."""

import os
from pathlib import Path

LONG_AGO = 1_700_000_000
"""A second that is over: Tue, 14 Nov 2023 22:13:20 GMT."""

PRODUCTION = {
    "env": "production",
    "jwt_secret_key": "of all the secrets, the one of the tests of files",
    "allowed_hosts": "127.0.0.1",
}
"""Settings of an application that stands on the net."""


class Folder:
    """A folder of files.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True)

    def write(self, name: str, content: str | bytes = "", *, at: int = LONG_AGO) -> Path:
        """Write a file, with its folders, as of a second."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(file, (at, at))
        return file
