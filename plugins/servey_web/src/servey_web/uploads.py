"""Files as they arrive: in memory, and on disk from when they are too large for that."""

from io import BytesIO
from tempfile import TemporaryFile
from typing import BinaryIO

from servey_core.filenames import is_content_type
from servey_core.files import File


class Upload:
    """A file that is arriving.

    Args:
        name: The name of its part.
        filename: Its own name.
        content_type: Its type; empty where none is given.

    Attributes:
        name: The name of its part.
        size: How many bytes have arrived.
        in_memory: Whether they are in memory still.
    """

    __slots__ = ("_content_type", "_filename", "_stream", "in_memory", "name", "size")

    def __init__(self, name: str, filename: str, content_type: str) -> None:
        self.name = name
        self.size = 0
        self.in_memory = True
        self._filename = filename
        self._content_type = content_type
        self._stream: BinaryIO = BytesIO()

    @property
    def given(self) -> bool:
        """Whether there is a file; browsers send a part even where none was chosen."""
        return bool(self._filename or self.size)

    def write(self, data: bytes) -> None:
        """Add what has arrived."""
        self._stream.write(data)
        self.size += len(data)

    def move_to_disk(self) -> None:
        """Keep it in a temporary file from now on; nobody else sees that one."""
        arrived, self._stream = self._stream, TemporaryFile(prefix="servey-")  # noqa: SIM115
        self.in_memory = False
        self._stream.write(arrived.getvalue())  # type: ignore[attr-defined]

    def finish(self) -> File:
        """The file, once all of it has arrived."""
        self._stream.seek(0)
        known = self._content_type if is_content_type(self._content_type) else None
        return File(self._stream, filename=self._filename, content_type=known)

    def close(self) -> None:
        """Let go of it."""
        self._stream.close()
