"""What can go wrong with RabbitMQ."""

from typing import Any

from pika.exceptions import (  # type: ignore[import-untyped]
    AuthenticationError,
    ChannelClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)


class Lost(Exception):  # noqa: N818 - it is no error where a connection mends itself
    """A connection or a channel is gone, or cannot be had."""


class Refused(Lost):
    """RabbitMQ does not do this, also when asked again.

    Attributes:
        code: AMQP's number for the reason.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


def as_lost(error: BaseException) -> Lost:
    """What pika says, in a line."""
    if isinstance(error, ChannelClosedByBroker):
        return Refused(str(error.reply_text), int(error.reply_code))
    if isinstance(
        error, (AuthenticationError, ProbableAuthenticationError, ProbableAccessDeniedError)
    ):
        return Refused(f"it lets nobody in: {error}")
    inner: Any = error
    while isinstance(inner, BaseException) and (
        inside := getattr(inner, "exceptions", None)
        or [part for part in (*inner.args, getattr(inner, "exception", None)) if _is_error(part)]
    ):
        inner = inside[-1]
    return Lost(str(inner) or repr(inner))


def _is_error(part: object) -> bool:
    return isinstance(part, BaseException)
