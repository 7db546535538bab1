"""Small applications with webhook channels, in the process of the test."""

import asyncio
import json
from typing import Any

from pydantic import BaseModel

from servey_core import ProblemError, Runtime, WebhookChannel, start
from servey_core.contexts import Context
from servey_core.running_jobs import RunningJob, run_job

LOOPBACK = "127.0.0.0/8"


class Order(BaseModel):
    """An event."""

    item: str
    count: int = 1


def application(*channels: WebhookChannel[Any], **given: Any) -> Runtime:
    """An application whose webhooks may go to this machine."""
    settings = {
        "webhook_private_networks": LOOPBACK,
        "webhook_timeout": 3.0,
        "state": "memory:",
        "task_queue": "in-process",
        **given,
    }
    return start(actions=[], channels=channels, given=settings)


def deliveries(
    runtime: Runtime, channel: WebhookChannel[Any], event: Any = None
) -> list[dict[str, str]]:
    """The arguments of the jobs of an event."""
    transport: Any = runtime.transport_of(channel)
    text = channel.to_json(Order(item="tea") if event is None else event)
    return [json.loads(order.arguments) for order in transport._orders(channel, text)]


def deliver(runtime: Runtime, arguments: dict[str, str]) -> ProblemError | None:
    """Make one try of a delivery, here and now; what it ended with."""

    async def run() -> ProblemError | None:
        invoker = runtime.invoker("servey_deliver_webhook")
        context = Context(surface="job")
        text = json.dumps(arguments).encode()
        try:
            await run_job(invoker, text, context, RunningJob("1"), lambda: runtime.state)
        except ProblemError as error:
            return error
        return None

    return asyncio.run(run())
