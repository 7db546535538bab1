"""The log in Redis keeps what every log promises, on a real Redis."""

import asyncio
import os
import time
from uuid import uuid4

import pytest
import redis
from log_contract import SharedLogContract
from log_nodes import HISTORY, Follower, asked, put
from redis_servers import OwnRedis
from waiting import PATIENCE, until

from servey_channels.logs import redis as redis_log
from servey_channels.logs.redis import RedisLog
from servey_core import SettingsError, Unavailable


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    if given := os.environ.get("SERVEY_TEST_REDIS_URL"):
        yield given
        return
    own = OwnRedis(tmp_path_factory.mktemp("redis"))
    with redis.from_url(own.url) as client:
        client.config_set("appendfsync", "no")  # how quick a disk is, is not what is tried
    yield own.url
    own.kill()


@pytest.fixture
def own_redis(tmp_path):
    own = OwnRedis(tmp_path)
    yield own
    own.kill()


def recipe_of(url, prefix="test:"):
    return f"""
from servey_channels.logs.redis import RedisLog
log = RedisLog({url!r}, ["a", "b"], prefix={prefix!r})
"""


class TestRedisLog(SharedLogContract):
    @pytest.fixture
    def prefix(self, url):
        """Keys that the test has for itself."""
        prefix = f"test:{uuid4().hex}:"
        yield prefix
        with redis.from_url(url) as client:
            for key in client.scan_iter(match=f"{prefix}*"):
                client.delete(key)

    @pytest.fixture
    def recipe(self, url, prefix):
        return recipe_of(url, prefix)

    def test_many_events_are_appended_in_a_second(self, log, request):
        begun = time.monotonic()
        for number in range(1000):
            put(log, number)
        rate = 1000 / (time.monotonic() - begun)
        request.node.user_properties.append(("appends_per_second", rate))
        assert rate > 300

    def test_whoever_follows_ends_when_cancelled(self, log):
        """Again and again, as a time limit that begins just then can swallow a cancellation."""

        async def follow_a_little() -> None:
            for _ in range(12):
                ready = asyncio.Event()
                following = asyncio.ensure_future(
                    log.follow(lambda *_: None, lambda _: None, ready.set)
                )
                await ready.wait()
                await log.aappend("a", b"1", target="", history=HISTORY)
                await asyncio.sleep(0)
                following.cancel()
                await asyncio.wait_for(asyncio.wait({following}), PATIENCE)
            await log.close()

        asyncio.run(follow_a_little())

    def test_a_stream_is_bounded_and_goes_when_nothing_comes(self, log, url, prefix):
        for number in range(3000):
            put(log, number, history=HISTORY)
        with redis.from_url(url) as client:
            assert 1000 <= client.xlen(f"{prefix}stream:a") < 1200
            assert 290 < client.ttl(f"{prefix}stream:a") <= 300


class TestOutages(SharedLogContract):
    @pytest.fixture
    def recipe(self, own_redis):
        return recipe_of(own_redis.url)

    # What is tried here has a Redis of its own: the others' tests are not repeated.
    locals().update({name: None for name in dir(SharedLogContract) if name.startswith("test_")})

    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        monkeypatch.setattr(redis_log, "TIMEOUT", 2.0)

    def test_all_that_is_lost_begins_anew(self, log, make, own_redis):
        before = [put(log, number) for number in range(5)][-1]
        with Follower(make()).running() as follower:
            put(log, "seen")
            until(lambda: len(follower.entries) == 1)
            with redis.from_url(own_redis.url) as client:
                client.flushall()
            after = [put(log, number) for number in range(20)]  # beyond where it was
            put(log, "b", "b")
            until(lambda: len(follower.entries) == 22)
        assert (after[0].offset, after[0].epoch != before.epoch) == (1, True)
        epochs = [epoch for epoch, _ in follower.entries]
        assert epochs == [before.epoch, *[after[0].epoch] * 21]
        assert follower.offsets() == [6, *range(1, 21)]
        assert not asked(log, lambda log: log.since("a", before, HISTORY)).recovered

    def test_a_loop_that_ends_leaves_no_connection_open(self, log, own_redis):
        for _ in range(20):
            asyncio.run(log.position("a"))
        with redis.from_url(own_redis.url) as client:
            until(lambda: client.info("clients")["connected_clients"] == 1)

    def test_a_flush_is_noticed_though_another_channel_is_busy(self, log, make, own_redis):
        with Follower(make()).running() as follower:
            put(log, 1)
            put(log, 2)
            until(lambda: len(follower.entries) == 2)
            with redis.from_url(own_redis.url) as client:
                client.flushall()
            anew = put(log, "anew")
            deadline = time.monotonic() + 10
            while (anew.epoch, "a") not in [(e, one.channel) for e, one in follower.entries]:
                assert time.monotonic() < deadline
                put(log, "busy", "b")

    def test_a_redis_that_does_not_answer_is_unavailable_in_time(self, log, make, own_redis):
        with Follower(make()).running() as follower:
            put(log, 1)
            until(lambda: follower.entries)
            own_redis.stop()
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                put(log, "lost or not")
            with pytest.raises(Unavailable):
                asked(log, lambda log: log.position("a"))
            assert time.monotonic() - begun < 8
            until(lambda: follower.health[-1:] == [False])
            own_redis.go_on()
            until(lambda: follower.health[-1:] == [True])
            put(log, "afterwards")
            until(lambda: follower.of()[-1].event == b'"afterwards"')
        assert follower.offsets() == list(range(1, len(follower.offsets()) + 1))

    def test_a_redis_that_crashes_is_caught_up_with(self, log, make, own_redis, caplog):
        late = make()
        with Follower(log).running() as follower:
            first = put(log, 1)
            until(lambda: follower.entries)
            own_redis.kill()
            until(lambda: follower.health[-1:] == [False])
            with pytest.raises(Unavailable):
                put(log, 2)
            time.sleep(1)
            own_redis.start()
            positions = [put(late, number) for number in range(5)]
            assert positions[-1].epoch == first.epoch
            until(lambda: len(follower.entries) >= 6)
            assert follower.health[-1]
        assert follower.offsets() == list(range(1, 7))
        said = [one for one in caplog.records if "cannot be used" in one.message]
        assert 1 <= len(said) <= 3

    def test_a_redis_that_comes_back_as_it_was_before_begins_anew(self, log, make, own_redis):
        with Follower(make()).running() as follower:
            kept = [put(log, number) for number in range(5)][-1]
            with redis.from_url(own_redis.url) as client:
                client.config_set("appendonly", "no")  # what follows is not written to its disk
            lost = [put(log, number) for number in range(5)][-1]
            until(lambda: len(follower.entries) == 10)
            own_redis.kill()
            own_redis.start()
            until(lambda: follower.health[-1] and len(follower.health) > 1)
            after = [put(make(), "a"), put(make(), "b", "b")]
            until(lambda: len(follower.entries) == 12)
        assert {one.epoch for one in after}.isdisjoint({kept.epoch})
        assert follower.offsets() == [*range(1, 11), 1]
        assert not asked(log, lambda log: log.since("a", lost, HISTORY)).recovered

    def test_followers_wait_for_a_redis_that_comes_later(self, make, own_redis):
        own_redis.kill()
        follower = Follower(make())
        with follower.running(ready=False):
            until(lambda: follower.health == [False] or len(follower.health) > 1)
            own_redis.start()
            until(lambda: follower.health[-1])
            put(make(), 1)
            until(lambda: follower.entries)


def test_a_url_that_does_not_do_is_refused():
    with pytest.raises(SettingsError, match="does not take"):
        RedisLog("redis://localhost:port", [])
