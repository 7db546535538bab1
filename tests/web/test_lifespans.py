"""The lifespan of a mounted application."""

import asyncio

import pytest

from servey_core import ServiceError
from servey_web import lifespan_of


async def live(app):
    async with lifespan_of(app)(None):
        pass


def speaking(*answers):
    """An application that gives these answers, and notes what it is told."""
    told = []

    async def app(scope, receive, send):
        assert scope["type"] == "lifespan"
        for answer in answers:
            told.append((await receive())["type"])
            await send({"type": f"lifespan.{answer}", "message": "no"})

    return app, told


def test_it_starts_and_stops_the_application():
    app, told = speaking("startup.complete", "shutdown.complete")
    asyncio.run(live(app))
    assert told == ["lifespan.startup", "lifespan.shutdown"]


def test_it_stops_the_application_whatever_happens():
    app, told = speaking("startup.complete", "shutdown.complete")

    async def fail():
        async with lifespan_of(app)(None):
            raise ValueError("outer")

    with pytest.raises(ValueError, match="outer"):
        asyncio.run(fail())
    assert told[-1] == "lifespan.shutdown"


@pytest.mark.parametrize(
    ("answers", "phase"),
    [
        (["startup.failed"], "startup"),
        ([], "startup"),
        (["startup.complete", "shutdown.failed"], "shutdown"),
    ],
)
def test_a_failure_says_which(answers, phase):
    app, _ = speaking(*answers)
    with pytest.raises(ServiceError, match=f"A mounted application's {phase} failed"):
        asyncio.run(live(app))


def test_an_error_is_raised_as_it_is():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})
        raise OSError("the database is away")

    with pytest.raises(OSError, match="the database is away"):
        asyncio.run(live(app))
