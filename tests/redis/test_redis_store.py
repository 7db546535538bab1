"""The state store in Redis: it promises what every store does, and fails in words."""

import asyncio
import gc

import pytest
import redis
from ports import free_port
from state_contract import LONG, SharedStoreContract, opened, until
from waiting import PATIENCE

from servey_core import SettingsError, Unavailable, start

pytestmark = pytest.mark.usefixtures("workplace")


class TestRedis(SharedStoreContract):
    @pytest.fixture
    def url(self, redis_url):
        return redis_url


def test_keys_have_a_prefix_and_an_expiry(redis_url):
    async def scenario():
        store = opened(redis_url)
        await store.add("test-prefix", b"one", LONG)
        with redis.from_url(redis_url) as client:
            assert client.get("servey:test-prefix") == b"one"
            assert (LONG - 10) * 1000 < client.pttl("servey:test-prefix") <= LONG * 1000
        assert await store.remove("test-prefix", b"one")
        await store.close()

    asyncio.run(scenario())


def test_more_operations_than_connections_wait_for_one(redis_url, monkeypatch):
    monkeypatch.setattr("servey_redis.store.MAX_CONNECTIONS", 2)

    async def scenario():
        store = opened(redis_url)
        assert set(await asyncio.gather(*(store.get("nothing") for _ in range(50)))) == {None}
        await store.close()

    asyncio.run(scenario())


def test_a_redis_that_comes_back_is_used_again_with_what_was_added(own_redis):
    async def scenario():
        store = opened(own_redis.url)
        await store.add("key", b"one", LONG)
        own_redis.kill()
        with pytest.raises(Unavailable) as caught:
            await store.get("key")
        assert caught.value.headers == {"Retry-After": "1"}
        own_redis.start()
        assert await store.add("key", b"two", LONG) == b"one"
        await asyncio.to_thread(own_redis.kill)  # the loop sees the connection end
        own_redis.start()
        assert await store.get("key") == b"one"
        await store.close()

    asyncio.run(scenario())


class Forgetful:
    """Stands before a Redis, and hangs up instead of giving its first answer to a script."""

    def __init__(self, url):
        self._target = url.rpartition("/")[0].rpartition("/")[2].split(":")
        self._lost = False

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader, writer):
        answers, asks = await asyncio.open_connection(*self._target)
        while question := await reader.read(65536):
            asks.write(question)
            answer = await answers.read(65536)
            if b"EVAL" in question and not self._lost:
                self._lost = True
                break
            writer.write(answer)
        asks.close()
        writer.close()


def test_a_loop_that_ends_leaves_no_connection_open(own_redis):
    store = opened(own_redis.url)
    for _ in range(20):
        assert asyncio.run(store.get("nothing")) is None
    with redis.from_url(own_redis.url) as client:

        async def alone():
            return client.info("clients")["connected_clients"] == 1

        asyncio.run(until(alone))


def test_an_operation_whose_answer_is_lost_is_not_tried_again(own_redis):
    """A second try would find the first one's value, and take it for somebody else's."""

    async def scenario():
        async with Forgetful(own_redis.url) as url:
            store = opened(url)
            with pytest.raises(Unavailable):
                await store.add("key", b"one", LONG)
            assert await store.get("key") == b"one"
            await store.close()

    asyncio.run(scenario())


def test_an_answer_is_not_waited_for_longer_than_is_said(own_redis, monkeypatch):
    monkeypatch.setattr("servey_redis.store.TIMEOUT", 1.0)

    async def scenario():
        store = opened(own_redis.url)
        await store.get("key")
        own_redis.stop()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(store.get("key"), PATIENCE)
        own_redis.go_on()
        assert await store.get("key") is None
        await store.close()

    asyncio.run(scenario())


def test_what_fails_is_a_problem_and_a_record_that_hide_the_password(caplog):
    port = free_port()

    async def scenario():
        store = opened(f"redis://ann:s3cret@127.0.0.1:{port}/0")
        with pytest.raises(Unavailable) as caught:
            await store.add("key", b"one", LONG)
        assert caught.value.detail == "The state store (redis) cannot be used just now."
        await store.close()

    asyncio.run(scenario())
    assert f"The state in redis://[redacted]@127.0.0.1:{port}/0 cannot be used" in caplog.text
    assert "s3cret" not in caplog.text


def test_the_user_and_the_password_of_the_url_are_used(own_redis, caplog):
    with redis.from_url(own_redis.url) as client:
        client.execute_command("ACL", "SETUSER", "ann", "on", ">s3cret", "~servey:*", "+@all")

    async def scenario(password):
        store = opened(own_redis.url.replace("//", f"//ann:{password}@"))
        try:
            return await store.add("key", b"one", LONG)
        finally:
            await store.close()

    assert asyncio.run(scenario("s3cret")) is None
    with pytest.raises(Unavailable):
        asyncio.run(scenario("wrong-one"))
    assert "invalid username-password pair" in caplog.text
    assert "wrong-one" not in caplog.text


@pytest.mark.parametrize(
    "url", ["redis://ann:s3cret@host:port/0", "redis://:s3cret@host:1/0?socket_timeuot=2"]
)
def test_a_url_that_does_not_do_is_an_error_at_the_start(url):
    with pytest.raises(SettingsError) as caught:
        opened(url)
    assert "SERVEY_STATE is 'redis://[redacted]@host" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_nothing_is_connected_until_it_is_used():
    assert start(actions=(), given={"state": "rediss://127.0.0.1:1/0"}).state


def test_a_loop_that_ended_leaves_no_client_behind(redis_url):
    store = opened(redis_url)

    async def scenario():
        await store.get("nothing")
        await store.close()

    for _ in range(3):
        asyncio.run(scenario())
    gc.collect()  # what is left open is a warning, and that an error
