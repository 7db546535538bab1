"""Compiled templates, kept beside their sources, as Python keeps its own."""

from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

FOLDER = "__pycache__"
"""Where they are kept; who may write there may write the templates themselves."""


class CompiledTemplates(BytecodeCache):
    """Keeps compiled templates of some folders; where nothing can be written, it keeps none.

    Args:
        folders: The folders.
        options: What the code depends on, beside the source: how it is compiled.
    """

    def __init__(self, *folders: Path, options: str) -> None:
        self._folders = folders
        self._options = f"servey {version('servey-web')} {jinja2.__version__} {options}"

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The name of the file that a template is kept in, and the folder before it."""
        named = sha256(f"{self._options}|{name}|{filename}".encode()).hexdigest()[:32]
        for folder in self._folders:
            if filename is not None and Path(filename).is_relative_to(folder):
                return str(folder / FOLDER / f"servey-{named}.jinja")
        return ""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load what is kept, where it is of the same source."""
        if not bucket.key:
            return
        with suppress(OSError), Path(bucket.key).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; another process may do the same at the same moment."""
        if not bucket.key:
            return
        path = Path(bucket.key)
        fresh = path.with_suffix(f".{id(bucket):x}")
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            fresh.write_bytes(bucket.bytecode_to_string())
            fresh.replace(path)
