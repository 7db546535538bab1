"""Functions of every kind: blocking, quick, asynchronous; with defaults and without a result."""

import asyncio
from typing import Annotated

from pydantic import Field

from servey_core import WEB_GET, WEB_POST, Example, WebTrigger, action


@action(
    triggers=WEB_GET,
    examples=(
        Example("world", {"name": "World"}, "Hello World!", description="Greet everybody."),
        Example("digits", {"name": "007"}, "Hello 007!"),
        Example("unicode", {"name": "Zoë & Ærøskøbing"}, "Hello Zoë & Ærøskøbing!"),
    ),
)
def say_hello(name: str) -> str:
    """Greet somebody.

    Args:
        name: Whom to greet.
    """
    return f"Hello {name}!"


@action(
    triggers=WEB_GET,
    sync_to_thread=False,
    tags="greetings",
    examples=(
        Example("plain", {"name": "Ada"}, "Good day, Ada."),
        Example("loud", {"name": "Ada", "times": 2, "loud": True}, "GOOD DAY, ADA. GOOD DAY, ADA."),
    ),
)
def say_good_day(name: str, times: Annotated[int, Field(le=100)] = 1, *, loud: bool = False) -> str:
    """Greet somebody right away: what never blocks needs no thread."""
    text = " ".join([f"Good day, {name}."] * times)
    return text.upper() if loud else text


@action(
    triggers=(WEB_GET, WEB_POST, WebTrigger("GET", "/meetings")),
    tags=("greetings", "meetings"),
    examples=Example("two", {"names": ["Ada", "Grace"]}, ["Hello Ada!", "Hello Grace!"]),
)
async def greet_all(names: list[str]) -> list[str]:
    """Greet several people at once, by any of three triggers."""

    async def greet(name: str) -> str:
        await asyncio.sleep(0)
        return say_hello(name)

    return await asyncio.gather(*map(greet, names))


@action(triggers=WEB_POST, examples=Example("plain", result=None))
def wave() -> None:
    """Give nothing back."""


@action(
    name="hail",
    description="Greet somebody as people once did.",
    triggers=WEB_GET,
    deprecated=True,
    examples=Example("caesar", {"name": "Caesar"}, "Ave Caesar!"),
)
def ave(name: str) -> str:
    """Carry another name and description than the function's."""
    return f"Ave {name}!"


@action(examples=Example("plain", result="Nobody heard it."))
def whisper() -> str:
    """Have no trigger: it runs by name alone."""
    return "Nobody heard it."
