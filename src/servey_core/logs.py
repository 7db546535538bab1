"""Where the log goes, how it is written, and what never gets into it.

Called by commands that run for long; a library never configures logging, and neither does an
import of this one. Records of the standard library's loggers and of structlog's take one way.
"""

import logging
import sys
import warnings
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Literal, TextIO

from servey_core.flat_logs import LineHandler
from servey_core.redaction import redacted

if TYPE_CHECKING:
    from structlog.typing import Processor

    from servey_core.settings import CoreSettings

_FOREIGN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
"""Loggers that may have been given handlers of their own, which would write everything twice."""

_MESSAGE = "message"

_log = logging.getLogger("servey.warnings")


def configure_logging(core: "CoreSettings", stream: TextIO | None = None) -> None:
    """Write the log of this process, and its warnings, to one stream.

    Args:
        core: The level and the format.
        stream: The stream; None for stderr.
    """
    stream = stream or sys.stderr
    root = logging.getLogger()
    root.handlers = [_handler(core, stream)]
    root.setLevel(core.log_level.upper())
    for name in _FOREIGN:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    warnings.showwarning = _log_warning


def log_format(core: "CoreSettings", stream: TextIO | None = None) -> Literal["console", "json"]:
    """How the log is written to a stream, decided."""
    if core.log_format != "auto":
        return core.log_format
    return "console" if _is_terminal(stream or sys.stderr) else "json"


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of a record: a processor, in structlog's sense."""
    for name, value in event.items():
        event[name] = redacted(value, name)
    return event


def _handler(core: "CoreSettings", stream: TextIO) -> logging.Handler:
    written = log_format(core, stream)
    formatter = _formatter(written, colors=_is_terminal(stream))
    if written == "json":
        return LineHandler(stream, formatter)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    return handler


def _formatter(written: Literal["console", "json"], *, colors: bool) -> logging.Formatter:
    import structlog

    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if written == "json"
        else structlog.dev.ConsoleRenderer(
            colors=colors,
            event_key=_MESSAGE,
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _drop_color_message,
            redact,
            renderer,
        ],
    )


def _shared_processors() -> "list[Processor]":
    import structlog

    return [
        structlog.processors.EventRenamer(_MESSAGE),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _drop_color_message(
    _: Any, __: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop uvicorn's second, coloured copy of its message."""
    event.pop("color_message", None)
    return event


def _log_warning(  # noqa: PLR0913, PLR0917 - the signature is the library's
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    place = f"{filename}:{lineno}"
    _log.warning("%s", message, extra={"category": category.__name__, "place": place})


def _is_terminal(stream: TextIO) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())
