"""Records that have the same few fields each time, written as JSON without a detour.

On its way through the standard library and structlog a record may take longer than the request
that it tells of. Where Servey's own handler is all that it would meet there, its line is made
directly, and is the same line. Where anything else was set up, an ordinary record is logged.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from json import JSONEncoder
from time import time_ns
from typing import TextIO

from servey_core.redaction import is_secret, redacted_text

Value = str | int | float | None
"""What a field may hold; numbers are finite."""

_quoted = JSONEncoder(ensure_ascii=False).encode


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes records to a stream, and lines of JSON that were made without a record."""

    def __init__(self, stream: TextIO, formatter: logging.Formatter) -> None:
        """Make the handler.

        Args:
            stream: Where the lines go.
            formatter: What makes JSON of a record.
        """
        super().__init__(stream)
        self._given = formatter
        self.setFormatter(formatter)

    def as_made(self) -> bool:
        """Whether it still writes every record at INFO, by the formatter that it was given."""
        return self.formatter is self._given and not self.filters and self.level <= logging.INFO

    def write(self, line: str) -> None:
        """Write one line as `emit` does; what goes wrong is told to `handleError`."""
        self.acquire()
        try:
            self.stream.write(line + self.terminator)
            self.stream.flush()
        except Exception:  # noqa: BLE001 - a log that fails must not fail the caller
            self.handleError(logging.makeLogRecord({"msg": line}))
        finally:
            self.release()


class FlatLog:
    """A logger's records at INFO, all with the same message and the same fields."""

    def __init__(self, logger: logging.Logger, message: str, names: Sequence[str]) -> None:
        """Prepare the line.

        Args:
            logger: The logger.
            message: The message, in the form of `%`.
            names: The fields, in the order in which they are written.

        Raises:
            ValueError: A field is one for secrets.
        """
        if secrets := [name for name in names if is_secret(name)]:
            raise ValueError(f"Secrets are not logged, so there is no field {secrets[0]!r}.")
        self._logger, self._message, self._names = logger, message, tuple(names)
        fields = "".join(f", {_literal(name)}: %s" for name in names)
        self._line = (
            f'{{"message": %s, "level": "info", "logger": {_literal(logger.name)}, '
            f'"timestamp": "%s"{fields}}}'
        )

    def write(self, args: tuple[Value, ...], *values: Value) -> None:
        """Log one record; ask `isEnabledFor` before, so as not to make the values in vain.

        Args:
            args: What is put into the message.
            values: What the fields hold, one for each name.
        """
        handler = _only_handler(self._logger)
        if handler is None:
            fields = dict(zip(self._names, values, strict=True))
            self._logger.info(self._message, *args, extra=fields, stacklevel=2)
            return
        message = _quoted(redacted_text(self._message % args))
        handler.write(self._line % (message, _timestamp(time_ns()), *map(_written, values)))


def _only_handler(logger: logging.Logger) -> LineHandler | None:
    """The handler, where it alone would see what is logged at INFO, and nothing changes that."""
    handlers, above = logger.handlers, logger
    while above.propagate and above.parent is not None:
        above = above.parent
        handlers = handlers + above.handlers if handlers else above.handlers
    if len(handlers) != 1 or type(handler := handlers[0]) is not LineHandler:
        return None
    usual = (
        handler.as_made()
        and not logger.disabled
        and not logger.filters
        and type(logger) is logging.Logger
        and _machinery() == _USUAL_MACHINERY
    )
    return handler if usual else None


def _machinery() -> tuple[object, ...]:
    """What makes a record and takes it to handlers: what observes the log replaces some of it."""
    return (
        logging.getLogRecordFactory(),
        logging.Logger.makeRecord,
        logging.Logger.handle,
        logging.Logger.callHandlers,
        logging.getLevelName(logging.INFO),
    )


_USUAL_MACHINERY = (
    logging.LogRecord,
    *(
        method
        for method in (
            logging.Logger.makeRecord,
            logging.Logger.handle,
            logging.Logger.callHandlers,
        )
        # Others may have been here before us.
        if method.__module__ == logging.__name__ and not hasattr(method, "__wrapped__")
    ),
    "INFO",
)


def _timestamp(nanoseconds: int) -> str:
    """A moment in ISO 8601, in UTC, to the microsecond; a whole second has no fraction."""
    seconds, microseconds = divmod(nanoseconds // 1000, 1_000_000)
    return f"{_second(seconds)}.{microseconds:06}Z" if microseconds else f"{_second(seconds)}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def _written(value: Value) -> str:
    if type(value) is str:
        return _quoted(redacted_text(value))
    return "null" if value is None else str(value)


def _literal(text: str) -> str:
    """A text as JSON that stays itself in a `%` format."""
    return _quoted(text).replace("%", "%%")
