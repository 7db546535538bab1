"""A shop that sends a receipt for each order that has committed, once, and for no other."""

from models import Order, outbox, sessions

from servey_core import (
    WEB_GET,
    WEB_POST,
    Background,
    Example,
    FixedRateTrigger,
    NotFound,
    action,
)
from servey_sched.sqlalchemy import after_commit


@action(triggers=WEB_POST, examples=Example("tea", {"item": "tea"}))
def place_order(item: str) -> int:
    """Take an order; gives its number."""
    with sessions.begin() as session:
        order = Order(item=item)
        session.add(order)
        session.flush()  # it has its number now
        outbox(session, send_receipt, order.id)
        after_commit(session, relay)  # at once, rather than within a second
        return order.id


@action(examples=Example("unknown", {"order_id": 0}, raises=NotFound))
def send_receipt(order_id: int) -> None:
    """Send a receipt, as if there were a printer."""
    with sessions.begin() as session:
        found = session.get(Order, order_id, with_for_update=True)
        if found is None:
            raise NotFound("There is no such order.")
        found.receipts += 1


@action(triggers=WEB_GET, examples=Example("unknown", {"order_id": 0}, raises=NotFound))
def receipts(order_id: int) -> int:
    """How many receipts were sent for an order."""
    with sessions() as session:
        found = session.get(Order, order_id)
        if found is None:
            raise NotFound("There is no such order.")
        return found.receipts


@action(
    triggers=FixedRateTrigger(1),
    background=Background(min_backoff=1, max_backoff=60),
    examples=Example("whatever there is", {}),
)
def relay() -> int:
    """Move what has committed from the outbox to the task queue."""
    with sessions() as session:
        return outbox.relay(session)
