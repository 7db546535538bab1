"""Rate limits whose count all processes share, in Redis."""

import asyncio
import gc
import re
import subprocess
import sys
import time
import uuid

import pytest
import redis
import waiting
from state_contract import opened, until

from servey_core import RateLimit, StateStore, TooManyRequests
from servey_core.rate_limits import RateLimiter, RateLimitStatus
from servey_redis.hits import PATIENCE

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def patient(monkeypatch):
    """A Redis may answer late, as on a busy machine: no process counts for itself."""
    monkeypatch.setattr("servey_redis.hits.PATIENCE", waiting.PATIENCE)


@pytest.fixture
def action(redis_url):
    """The name of an action that nobody else has; its counts are removed."""
    name = f"test_{uuid.uuid4().hex}"
    yield name
    with redis.from_url(redis_url) as client:
        if keys := client.keys(f"servey:hits:{name}:*"):
            client.delete(*keys)


def limiter(store: StateStore, action: str, *rates: str) -> RateLimiter:
    return RateLimiter(action, [RateLimit(rate) for rate in rates], store.hit_counter())


def left(status: RateLimitStatus) -> list[int]:
    return [one.remaining for one in status.allowances]


def warnings_in(caplog) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "servey.rate_limits"]


@pytest.mark.usefixtures("patient")
def test_two_processes_count_together(redis_url, action):
    async def scenario():
        stores = [opened(redis_url), opened(redis_url)]
        here, there = (limiter(store, action, "3/minute") for store in stores)
        assert left(await here.hit("ann", None)) == [2]
        assert left(await there.hit("ann", None)) == [1]
        status = await here.hit("ann", None)
        assert re.fullmatch('"minute";r=0;t=(5[89]|60)', status.headers()["RateLimit"])
        with pytest.raises(TooManyRequests) as refused:
            await there.hit("ann", None)
        assert 58 <= int(refused.value.headers["Retry-After"]) <= 60
        assert left(await there.hit("bob", None)) == [2]
        for store in stores:
            await store.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("patient")
def test_calls_at_once_get_no_more_than_there_is(redis_url, action):
    async def scenario():
        stores = [opened(redis_url), opened(redis_url)]
        limiters = [limiter(store, action, "10/minute") for store in stores] * 25
        calls = (one.hit("ann", None) for one in limiters)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(one, RateLimitStatus) for one in answers) == 10
        refusals = [one for one in answers if isinstance(one, TooManyRequests)]
        assert len(refusals) == 40
        assert {one.headers["RateLimit"].partition(";t=")[0] for one in refusals} == {
            '"minute";r=0'
        }
        for store in stores:
            await store.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("patient")
def test_what_one_limit_refuses_counts_for_no_other(redis_url, action):
    async def scenario():
        store = opened(redis_url)
        both = limiter(store, action, "1/minute", "5/hour")
        assert left(await both.hit("ann", None)) == [0, 4]
        for _ in range(3):
            with pytest.raises(TooManyRequests) as refused:
                await both.hit("ann", None)
            assert '"hour";r=4' in refused.value.headers["RateLimit"]
        await store.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("patient")
def test_a_call_is_let_through_when_it_was_told_to_come_back(redis_url, action):
    async def scenario():
        store = opened(redis_url)
        one = limiter(store, action, "1/2 seconds")
        began = time.monotonic()
        await one.hit("ann", None)
        with pytest.raises(TooManyRequests) as refused:
            await one.hit("ann", None)
        told = int(refused.value.headers["Retry-After"])
        assert 1 <= told <= 2
        back_at = time.monotonic() + told

        async def through() -> bool:
            early = time.monotonic() < back_at
            try:
                return bool(await one.hit("ann", None))
            except TooManyRequests:
                assert early
                return False

        await until(through)
        assert time.monotonic() - began > 1.9
        await store.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("patient")
def test_keys_have_a_prefix_and_an_expiry(redis_url, action):
    async def scenario():
        store = opened(redis_url)
        await limiter(store, action, "3/hour").hit("ann", None)
        await store.close()

    asyncio.run(scenario())
    with redis.from_url(redis_url) as client:
        assert 3500 < client.ttl(f"servey:hits:{action}:hour:subject ann") <= 3600


def test_without_redis_each_process_counts_for_itself(own_redis, action, caplog, monkeypatch):
    async def scenario():
        store = opened(own_redis.url)
        two = limiter(store, action, "2/minute")
        assert left(await two.hit("ann", None)) == [1]
        own_redis.kill()
        assert left(await two.hit("ann", None)) == [1]
        assert left(await two.hit("ann", None)) == [0]
        with pytest.raises(TooManyRequests):
            await two.hit("ann", None)
        (said,) = warnings_in(caplog)
        assert said.startswith(
            f"Rate limits cannot be counted in {own_redis.url}, so each process counts for itself: "
        )
        own_redis.start()
        monkeypatch.setattr(two._counter, "_paused_until", 0)
        assert left(await two.hit("ann", None)) == [0]
        await store.close()

    asyncio.run(scenario())


def test_a_redis_that_hangs_holds_nobody_up_for_long(own_redis, action, caplog):
    async def scenario():
        store = opened(own_redis.url)
        many = limiter(store, action, "100/minute")
        await many.hit("ann", None)
        own_redis.stop()
        began = time.monotonic()
        for _ in range(20):
            await many.hit("ann", None)
        assert time.monotonic() - began < 2 * PATIENCE
        own_redis.go_on()
        await store.close()

    asyncio.run(scenario())
    (said,) = warnings_in(caplog)
    assert said.endswith(": no answer")


def test_the_log_hides_the_password(action, caplog):
    async def scenario():
        store = opened("redis://ann:s3cret@127.0.0.1:1/0")
        await limiter(store, action, "1/minute").hit("ann", None)
        await store.close()

    asyncio.run(scenario())
    assert "redis://[redacted]@127.0.0.1:1/0" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.usefixtures("patient")
def test_event_loops_may_come_and_go(redis_url, action):
    store = opened(redis_url)
    three = limiter(store, action, "3/minute")

    async def scenario():
        status = await three.hit("ann", None)
        await store.close()
        return left(status)

    assert [asyncio.run(scenario()) for _ in range(3)] == [[2], [1], [0]]
    gc.collect()  # what is left open is a warning, and that an error


def test_the_library_is_paid_for_by_who_has_limits():
    program = (
        "import sys, servey_redis.plugin, servey_redis.store; print('limits' in sys.modules); "
        "import servey_redis.hits; print('limits' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert printed.stdout.split() == ["False", "True"]
