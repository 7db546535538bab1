"""Orders as rows of an outbox."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dramatiq
from sqlalchemy import BigInteger, DateTime, Double, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from servey_core import Action, JobOrder
from servey_sched.jobs.messages import VERSION, content_of, message_of

_LONGEST_NAME = 255


class OutboxRow:
    """What the table of an outbox has; make it yours: `class Job(OutboxRow, Base)`.

    Attributes:
        number: Counts the rows.
        job: The job's id.
        action: The name of its action.
        form: In which form the message is written.
        message: The job, as it goes to the broker.
        delay: After how many seconds it may start, counted from `created`.
        created: When it was sent.
    """

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True
    )
    job: Mapped[str] = mapped_column(String(36))
    action: Mapped[str] = mapped_column(String(_LONGEST_NAME))
    form: Mapped[int] = mapped_column(Integer)
    message: Mapped[str] = mapped_column(Text)
    delay: Mapped[float] = mapped_column(Double)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    def hold(self, order: JobOrder) -> None:
        """Write an order down."""
        self.job = order.id
        self.action = order.action.name
        self.form = VERSION
        self.message = message_of(order).encode().decode()
        self.delay = order.delay
        self.created = datetime.now(UTC)

    def order(self, actions: Mapping[str, Action]) -> JobOrder:
        """Read what was written down.

        Args:
            actions: The application's actions, by name.
        """
        message: dramatiq.Message[Any] = dramatiq.Message.decode(self.message.encode())
        content = content_of(message)
        return JobOrder(
            id=self.job,
            action=actions[self.action],
            arguments=content.arguments,
            authorization=content.authorization,
            delay=max(0.0, self.delay - _age(self.created)),
            priority=message.options.get("priority", 0),
            max_retries=content.max_retries,
            idempotency_key=content.idempotency_key,
            keep_result=content.keep_result,
        )


def _age(moment: datetime) -> float:
    """How long ago a moment was, in seconds; where time zones are not kept, it is in UTC."""
    return (
        datetime.now(UTC) - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    ).total_seconds()
