"""An application whose channels are tried over sockets, in processes of its own."""

import asyncio
import os
import sys
import threading
from dataclasses import dataclass

from servey_core import (
    WEB_POST,
    Authorization,
    ChannelTrigger,
    Conflict,
    History,
    InvalidInput,
    ScopeAccessControl,
    TtlCacheControl,
    action,
    enqueue,
    websocket_channel,
)


@dataclass(frozen=True)
class Note:
    """An event.

    Attributes:
        text: What it says.
        owner: For whom it is.
    """

    text: str
    owner: str | None = None


def _is_owners(note: Note, who: Authorization | None) -> bool:
    return who is not None and who.subject == note.owner


def _fails_for_bob(note: Note, who: Authorization | None) -> bool:
    if who is not None and who.subject == "bob":
        raise RuntimeError(f"bob cannot read {note.text!r}")
    if who is not None and who.subject == "eve":
        sys.exit("nobody is to read it then")
    return True


news = websocket_channel("news", Note, history=History(20_000, 300))
short = websocket_channel("short", Note, history=History(5, 300))
secret = websocket_channel("secret", Note, access_control=ScopeAccessControl("insider"))
mine = websocket_channel("mine", Note, event_filter=_is_owners)
picky = websocket_channel("picky", Note, event_filter=_fails_for_bob)
CHANNELS = {one.name: one for one in (news, short, secret, mine, picky)}


@action(triggers=(WEB_POST, ChannelTrigger("tell")))
async def tell(
    channel: str, texts: list[str], owner: str | None = None, connection_id: str | None = None
) -> int:
    """Publish some events; the offset of the last."""
    for text in texts:
        event = Note(text, owner)
        place = await CHANNELS[channel].apublish(event, connection_id=connection_id)
    return place.offset


@action(triggers=WEB_POST)
def tell_in_a_thread(texts: list[str]) -> int:
    """Publish from the thread of an action, and from one of our own."""
    thread = threading.Thread(target=news.publish, args=(Note(texts[0]),))
    thread.start()
    thread.join()
    return news.publish(Note(texts[1])).offset


@action
def tell_later(text: str) -> None:
    """Publish in the background."""
    news.publish(Note(text))


@action(triggers=WEB_POST)
def tell_by_job(text: str) -> str:
    """Have it published in the background."""
    return enqueue(tell_later, text).id


@action(triggers=WEB_POST)
async def memory() -> int:
    """How much memory the process has taken at most, in bytes."""
    with open("/proc/self/status") as status:  # noqa: ASYNC230, PTH123 - it is no disk
        line = next(one for one in status if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@action(triggers=WEB_POST)
async def process() -> int:
    """Which process answers."""
    return os.getpid()


@action(triggers=ChannelTrigger("echo"))
async def echo(text: str, count: int = 1) -> str:
    """Say it again."""
    return text * count


@action(triggers=ChannelTrigger("whoami"), cache_control=TtlCacheControl(60))
async def who_am_i(authorization: Authorization) -> str | None:
    """Say who sends."""
    return authorization.subject


@action(triggers=ChannelTrigger("guarded"), access_control=ScopeAccessControl("insider"))
async def guarded(text: str) -> str:
    """For insiders."""
    return text


@action(triggers=ChannelTrigger("slow"), timeout=0.3)
async def slow(seconds: float) -> float:
    """Take long."""
    await asyncio.sleep(seconds)
    return seconds


_under_way = 0
_most = 0


@action(triggers=ChannelTrigger("count"))
async def count() -> int:
    """How many of these have been under way at once."""
    global _under_way, _most  # noqa: PLW0603 - it is counted for the whole process
    _under_way += 1
    _most = max(_most, _under_way)
    await asyncio.sleep(0.05)
    _under_way -= 1
    return _most


@action(triggers=ChannelTrigger("wrong"))
async def wrong(how: str) -> None:
    """Fail."""
    if how == "conflict":
        raise Conflict("It is taken.")
    if how == "input":
        raise InvalidInput("It is not so.")
    if how == "exit":
        sys.exit("a secret of the server")
    if how == "cancelled":
        raise asyncio.CancelledError
    raise RuntimeError("a secret of the server")
