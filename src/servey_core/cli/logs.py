"""What is logged while a command runs: to stderr, with the tracebacks of the user's own code."""

import logging
from typing import TextIO

from servey_core.logs import configure_logging
from servey_core.redaction import redacted_text
from servey_core.settings import CoreSettings
from servey_core.tracebacks import trimmed


class CommandLineFormatter(logging.Formatter):
    """Writes the message alone, and tracebacks without Servey's own frames."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, without its secrets."""
        return redacted_text(super().format(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        """Write a traceback."""
        error = ei[1] if isinstance(ei, tuple) else None
        return trimmed(error).rstrip() if error is not None else ""


def log_to(stream: TextIO, core: CoreSettings) -> None:
    """Log to a stream, unless the application has said already where to log.

    Args:
        stream: The stream.
        core: The level, and the format; `auto` is for whoever has typed the command.
    """
    root = logging.getLogger()
    if root.hasHandlers():
        return
    if core.log_format != "auto":
        configure_logging(core, stream)
        return
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CommandLineFormatter())
    root.addHandler(handler)
    root.setLevel(core.log_level.upper())
