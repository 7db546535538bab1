"""From when on a schedule counts whose rule has changed: from the change.

What its new rule would have fired before was never to be fired, so none of it is missed.
"""

import json
from datetime import datetime

from servey_core import StateStore
from servey_sched.schedules.ticks import tick_name
from servey_sched.scheduling.plans import Plan

KEPT = 400 * 24 * 3600.0
"""For how long it is remembered what the rule of a schedule was, in seconds."""


async def counts_from(store: StateStore, plan: Plan, now: datetime) -> datetime | None:
    """When the rule of a schedule was last changed, which all nodes agree on.

    A schedule that is disabled has a rule of its own: when it is enabled again, it counts from
    then on.

    Args:
        store: Where rules are remembered.
        plan: The schedule as it is now.
        now: The present moment.

    Returns:
        The moment; None where no other rule is remembered.

    Raises:
        Unavailable: The store is.
    """
    key, rule = f"schedule-rule:{plan.name}", _rule(plan)
    while True:
        present = await store.get(key)
        if present is None:
            if await store.add(key, _written(rule, None), KEPT) is None:
                return None
            continue
        known = json.loads(present)
        same = known["rule"] == rule
        since = _moment(known["since"]) if same else now
        if await store.replace(key, present, _written(rule, since), KEPT):
            return since


def _rule(plan: Plan) -> str:
    return repr(plan.schedule.ticks) if plan.trigger.enabled else "disabled"


def _written(rule: str, since: datetime | None) -> bytes:
    return json.dumps({"rule": rule, "since": since and tick_name(since)}).encode()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
