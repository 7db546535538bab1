"""An endpoint that does not answer delays no other (W5), and is left alone for a while."""

import asyncio
import time
from contextlib import suppress

import pytest
from webhook_applications import Order, application, deliver, deliveries
from webhook_receivers import SECRET, Receiver

from servey_channels.webhooks.endpoints import REST_SECONDS, Endpoint, Endpoints, NoAnswer
from servey_core import WebhookSubscriber, webhook_channel
from servey_core.running_jobs import Postponed, counts_as_retry, retry_delay


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


async def attempt(endpoint, ends=None):
    """One delivery: whether it was let through."""
    let_through = False
    with suppress(NoAnswer, Postponed):
        async with endpoint.turn():
            let_through = True
            if ends is not None:
                raise ends
    return let_through


def test_one_that_does_not_answer_is_left_alone_and_then_probed_by_one():
    clock = Clock()

    async def run():
        endpoint = Endpoint(5, clock)
        for _ in range(5):
            assert await attempt(endpoint, NoAnswer())
        assert not await attempt(endpoint)
        clock.now += REST_SECONDS + 1
        async with endpoint.turn():
            assert not await attempt(endpoint)  # one at a time
        assert await attempt(endpoint)  # it answers again

    asyncio.run(run())


def test_one_that_does_not_answer_its_probe_rests_again():
    clock = Clock()

    async def run():
        endpoint = Endpoint(5, clock)
        for _ in range(5):
            await attempt(endpoint, NoAnswer())
        clock.now += REST_SECONDS + 1
        assert await attempt(endpoint, NoAnswer())
        assert not await attempt(endpoint)
        assert endpoint.idle is False

    asyncio.run(run())


@pytest.mark.parametrize("ends", [None, ValueError()])
def test_an_answer_in_between_counts_anew(ends):
    async def run():
        endpoint = Endpoint(5, Clock())
        for _ in range(20):
            for _ in range(4):
                assert await attempt(endpoint, NoAnswer())
            with suppress(ValueError):
                assert await attempt(endpoint, ends)

    asyncio.run(run())


def test_a_delivery_that_is_cancelled_says_nothing_of_the_endpoint():
    async def run():
        endpoint = Endpoint(1, Clock())
        for _ in range(4):
            await attempt(endpoint, NoAnswer())
        with suppress(asyncio.CancelledError):
            await attempt(endpoint, asyncio.CancelledError())
        await attempt(endpoint, NoAnswer())
        assert not await attempt(endpoint)

    asyncio.run(run())


def test_a_busy_one_takes_some_at_once_lets_as_many_wait_and_puts_off_the_rest():
    async def run():
        endpoint, inside, most = Endpoint(3), 0, 0

        async def delivery():
            nonlocal inside, most
            async with endpoint.turn():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.2)
                inside -= 1

        ended = await asyncio.gather(*(delivery() for _ in range(20)), return_exceptions=True)
        assert most == 3
        assert ended.count(None) == 6
        put_off = [one for one in ended if isinstance(one, Postponed)]
        assert len(put_off) == 14
        assert all(0.2 <= one.seconds < 10 for one in put_off)
        assert not counts_as_retry(put_off[0])
        assert endpoint.idle

    asyncio.run(run())


def test_who_waits_long_makes_room():
    async def run():
        endpoint = Endpoint(1)
        async with endpoint.turn():
            began = time.monotonic()
            with pytest.raises(Postponed):
                async with endpoint.turn():
                    pass
            assert 1.9 <= time.monotonic() - began < 10

    asyncio.run(run())


def test_endpoints_of_which_there_is_nothing_to_remember_are_forgotten():
    async def run():
        endpoints = Endpoints(2)
        for number in range(100):
            async with endpoints.turn(f"https://{number}.example.com/"):
                pass
        assert not endpoints._known
        with suppress(NoAnswer):
            async with endpoints.turn("https://example.com/"):
                raise NoAnswer
        assert len(endpoints._known) == 1

    asyncio.run(run())


def test_what_is_put_off_is_no_try():
    error = Postponed("later", 7.0)
    channel = webhook_channel("orders", Order, url="https://example.com/", secret=SECRET)
    rule = application(channel).actions["servey_deliver_webhook"].background
    assert retry_delay(rule, error, 3) == 7.0


def test_a_dead_endpoint_fails_quickly_once_that_is_known():
    with Receiver.running() as receiver:
        channel = webhook_channel("orders", Order, url=receiver.url("/cut"), secret=SECRET)
        runtime = application(channel)
        [arguments] = deliveries(runtime, channel)
        errors = [deliver(runtime, arguments) for _ in range(7)]
        assert len(receiver.messages) == 5
        assert "left alone" in errors[-1].detail
        assert retry_delay(runtime.actions["servey_deliver_webhook"].background, errors[-1], 0) >= 5


GOOD, ROUNDS = 10, 4


def slowest_of_95_percent(channel, receiver, first):
    """How long deliveries to ten endpoints take, in seconds."""
    published = {}
    for number in range(first, first + ROUNDS):
        published[number] = time.monotonic()
        channel.publish(Order(item="tea", count=number))
        time.sleep(0.6)
    came = [
        message
        for one in range(GOOD)
        for message in receiver.wait_for(first + ROUNDS, f"/ok/{one}")[first:]
    ]
    took = sorted(one.at - published[one.event["count"]] for one in came)
    assert len(took) == ROUNDS * GOOD
    return took[int(len(took) * 0.95)]


def test_one_hanging_endpoint_does_not_delay_ten_good_ones():
    """W5, with more hanging deliveries than a worker runs jobs at once."""
    with Receiver.running() as receiver:
        hanging = webhook_channel("hanging", Order, url=receiver.url("/hang"), secret=SECRET)
        several = [WebhookSubscriber(receiver.url(f"/ok/{one}"), SECRET) for one in range(GOOD)]
        channel = webhook_channel("orders", Order, subscribers=several)
        runtime = application(channel, hanging, webhook_timeout=15.0)
        without = slowest_of_95_percent(channel, receiver, 0)
        for _ in range(150):
            hanging.publish(Order(item="tea"))
        beside = slowest_of_95_percent(channel, receiver, ROUNDS)
        assert beside < max(1.0, 4 * without)  # where the machine is busy, both take longer
        assert 1 <= len(receiver.at("/hang")) <= 5
        runtime.close_task_queue()
