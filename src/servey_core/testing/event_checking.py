"""Does an example of a channel hold on a surface? If not, say how in a few lines."""

from servey_core.authorization import Authorization
from servey_core.errors import InvalidInput
from servey_core.surfaces import Heard, Publisher
from servey_core.testing.comparing import WHOLE, difference
from servey_core.testing.event_cases import EventCase
from servey_core.testing.failing import ExampleFailed, described_problem, shown
from servey_core.websocket_channels import WebsocketChannel


async def check_event(case: EventCase, publish: Publisher) -> None:
    """Have the example's listeners listen, publish its event, and compare what each heard.

    Args:
        case: What to check.
        publish: Publishes through the case's surface.

    Raises:
        ExampleFailed: The example does not hold.
    """
    try:
        case.event  # noqa: B018 - it may be none of the channel's type
        reaches, misses = _listeners(case)
        heard = await publish(case.channel, case.example.event, (*reaches, *misses))
    except InvalidInput as error:
        raise _failed(case, f"the event is none of this channel: {error}") from None
    for listener, found in zip(reaches, heard, strict=False):
        _check_reached(case, listener, found)
    for listener, found in zip(misses, heard[len(reaches) :], strict=True):
        if found.events:
            raise _differs(case, listener, "nothing", found)


Listeners = tuple[Authorization | None, ...]


def _listeners(case: EventCase) -> tuple[Listeners, Listeners]:
    """Who gets the event, and who does not."""
    example = case.example
    if example.reaches or example.misses:
        return example.reaches, example.misses
    channel = case.channel
    if not isinstance(channel, WebsocketChannel):
        return (None,), ()
    access, event_filter = channel.access_control, channel.event_filter
    for somebody in (None, *(Authorization("somebody", one) for one in access.scope_alternatives)):
        if access.allows(somebody):
            if event_filter is None or event_filter(example.event, somebody):
                return (somebody,), ()
            return (), (somebody,)
    return (), ()


def _check_reached(case: EventCase, listener: Authorization | None, found: Heard) -> None:
    if len(found.events) != 1:
        raise _differs(case, listener, shown(case.event), found)
    if place := difference(case.event, found.events[0]):
        raise _differs(case, listener, shown(case.event), found, place)


def _differs(
    case: EventCase,
    listener: Authorization | None,
    expected: str,
    found: Heard,
    place: str = WHOLE,
) -> ExampleFailed:
    return _failed(
        case,
        f"listener  {'nobody known' if listener is None else shown(listener)}",
        f"expected  {expected}",
        f"got       {_described(found)}",
        *([] if place == WHOLE else [f"differs   at {place}"]),
    )


def _described(found: Heard) -> str:
    if found.problem is not None:
        return described_problem(found.problem)
    return ", ".join(map(shown, found.events)) or "nothing"


def _failed(case: EventCase, *lines: str) -> ExampleFailed:
    head = f"Example {case.example.name!r} of {case.subject} fails on {case.surface.name}"
    body = (f"channel   {case.place}", f"event     {shown(case.example.event)}", *lines)
    return ExampleFailed("\n".join([head, *(f"  {line}" for line in body)]))
