"""What is logged while a command runs: to stderr, with the tracebacks of the user's own code."""

import logging
from typing import TextIO

from servey_core.cli.tracebacks import trimmed


class CommandLineFormatter(logging.Formatter):
    """Writes the message alone, and tracebacks without Servey's own frames."""

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        """Write a traceback."""
        error = ei[1] if isinstance(ei, tuple) else None
        return trimmed(error).rstrip() if error is not None else ""


def log_to(stream: TextIO, level: str) -> None:
    """Log to a stream, unless the application has said already where to log."""
    root = logging.getLogger()
    if root.hasHandlers():
        return
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CommandLineFormatter())
    root.addHandler(handler)
    root.setLevel(level.upper())
