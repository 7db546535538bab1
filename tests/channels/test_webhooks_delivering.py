"""Deliveries: what is sent, and what each answer means."""

import asyncio
import json
import logging
import resource
import time

import pytest
from standardwebhooks import Webhook
from webhook_applications import Order, application, deliver, deliveries
from webhook_receivers import NEWER, SECRET, Receiver

from servey_core import NotFound, WebhookSubscriber, webhook_channel
from servey_core.running_jobs import retry_delay

RULE_OF = "servey_deliver_webhook"


@pytest.fixture
def receiver():
    with Receiver.running() as running:
        yield running


def sent_to(url, event=None, **given):
    """One try of a delivery to a URL: what it ended with, and the application."""
    channel = webhook_channel("orders", Order, url=url, secret=SECRET)
    runtime = application(channel, **given)
    [arguments] = deliveries(runtime, channel, event)
    return deliver(runtime, arguments), runtime


def waits(runtime, error, retries=0):
    return retry_delay(runtime.actions[RULE_OF].background, error, retries)


class TestMessages:
    def test_what_is_published_comes_and_is_verified(self, receiver):
        channel = webhook_channel("orders", Order, url=receiver.url(), secret=SECRET)
        application(channel)
        jobs = channel.publish(Order(item="täa", count=2))
        [message] = receiver.wait_for(1)
        assert len(jobs) == 1
        assert message.event == {"item": "täa", "count": 2}
        assert message.headers["content-type"] == "application/json"
        assert message.headers["webhook-id"].startswith("msg_")
        assert abs(time.time() - int(message.headers["webhook-timestamp"])) < 30

    def test_on_an_event_loop_nothing_blocks_it(self, receiver):
        channel = webhook_channel("orders", Order, url=receiver.url(), secret=SECRET)
        application(channel)
        asyncio.run(channel.apublish(Order(item="tea")))
        assert receiver.wait_for(1)[0].event["item"] == "tea"

    def test_each_subscriber_gets_the_message_under_one_id(self, receiver):
        several = [WebhookSubscriber(receiver.url(f"/ok/{n}"), SECRET) for n in range(3)]
        channel = webhook_channel("orders", Order, subscribers=several)
        application(channel)
        assert len(channel.publish(Order(item="tea"))) == 3
        for number in range(3):
            receiver.wait_for(1, f"/ok/{number}")
        assert len({one.headers["webhook-id"] for one in receiver.messages}) == 1

    def test_filters_choose_and_one_that_fails_lets_nothing_through(self, receiver, caplog):
        several = [
            WebhookSubscriber(receiver.url("/ok/many"), SECRET, lambda order: order.count > 5),
            WebhookSubscriber(receiver.url("/ok/all"), SECRET),
            WebhookSubscriber(receiver.url("/ok/none"), SECRET, lambda order: order.nothing),
        ]
        channel = webhook_channel("orders", Order, subscribers=several)
        runtime = application(channel)
        assert [len(deliveries(runtime, channel, Order(item="a", count=n))) for n in (1, 9)] == [
            1,
            2,
        ]
        assert "has failed" in caplog.text

    def test_every_secret_signs_while_one_replaces_another(self):
        with Receiver.running(SECRET, NEWER) as both:
            channel = webhook_channel("orders", Order, url=both.url(), secret=[NEWER, SECRET])
            runtime = application(channel)
            [arguments] = deliveries(runtime, channel)
            assert deliver(runtime, arguments) is None
        [message] = both.messages  # whom the package has verified with each
        assert len(message.headers["webhook-signature"].split(" ")) == 2

    def test_secrets_may_be_in_the_environment(self, receiver, monkeypatch):
        monkeypatch.setenv("ORDERS_SECRET", f"{NEWER} {SECRET}")
        channel = webhook_channel("orders", Order, url=receiver.url(), secret="ORDERS_SECRET")
        runtime = application(channel)
        [arguments] = deliveries(runtime, channel)
        assert deliver(runtime, arguments) is None

    def test_another_try_has_the_same_id_and_a_new_timestamp(self, receiver, monkeypatch):
        channel = webhook_channel("orders", Order, url=receiver.url("/first-fails"), secret=SECRET)
        runtime = application(channel)
        [arguments] = deliveries(runtime, channel)
        assert deliver(runtime, arguments) is not None
        time.sleep(1.1)  # the timestamp has seconds
        assert deliver(runtime, arguments) is None
        first, second = receiver.messages
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
        assert first.headers["webhook-signature"] != second.headers["webhook-signature"]

    def test_jobs_hold_no_url_and_no_secret(self, receiver):
        url = receiver.url("/ok?token=canary-in-the-url")
        channel = webhook_channel("orders", Order, url=url, secret=SECRET)
        [arguments] = deliveries(application(channel), channel)
        assert "canary" not in json.dumps(arguments)
        assert SECRET[6:] not in json.dumps(arguments)


class TestAnswers:
    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    def test_2xx_is_well(self, receiver, status):
        error, _ = sent_to(receiver.url(f"/status/{status}"))
        assert error is None

    @pytest.mark.parametrize("status", [400, 401, 404, 500, 502])
    def test_anything_else_is_tried_again(self, receiver, status):
        error, runtime = sent_to(receiver.url(f"/status/{status}"))
        assert f"answered {status}: the reason is told" in error.detail
        assert 5.0 <= waits(runtime, error) <= 5.5

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_redirects_are_failures_and_are_not_followed(self, receiver, status):
        error, _ = sent_to(receiver.url(f"/redirect/{status}"))
        assert f"answered {status}" in error.detail
        assert not receiver.at("/ok")

    def test_who_is_gone_is_sent_nothing_more(self, receiver, caplog):
        channel = webhook_channel("orders", Order, url=receiver.url("/status/410"), secret=SECRET)
        runtime = application(channel)
        [arguments] = deliveries(runtime, channel)
        error = deliver(runtime, arguments)
        assert error.status == 410
        assert waits(runtime, error) is None
        assert "is disabled" in caplog.text
        assert deliver(runtime, deliveries(runtime, channel)[0]) is None
        assert len(receiver.messages) == 1

    def test_a_store_is_told_who_is_gone(self, receiver):
        store = Store(receiver.url("/status/410"))
        channel = webhook_channel("orders", Order, subscribers=store)
        runtime = application(channel)
        [arguments] = deliveries(runtime, channel)
        assert deliver(runtime, arguments).status == 410
        assert store.disabled == [("orders", "ann", f"{receiver.url('')} answered 410")]
        assert deliver(runtime, arguments) is None  # for it has no such subscriber now
        assert len(receiver.messages) == 1

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(("told", "least"), [("40", 40), ("date", 80), ("999999999", 86400)])
    def test_who_says_when_is_heeded_for_a_day_at_most(self, receiver, status, told, least):
        error, runtime = sent_to(receiver.url(f"/busy/{status}/{told}"))
        assert least <= waits(runtime, error) <= max(least + 15, 100 if told == "date" else 0)

    @pytest.mark.parametrize("told", ["soon", "-5", "1e9", "1.5", "in-99999999999999999999"])
    def test_who_says_nothing_sensible_is_not(self, receiver, told):
        error, runtime = sent_to(receiver.url(f"/busy/429/{told}"))
        assert "answered 429" in error.detail
        assert 5.0 <= waits(runtime, error) <= 5.5

    def test_repeats_are_those_of_standard_webhooks_and_then_it_is_given_up(self, receiver):
        error, runtime = sent_to(receiver.url("/status/500"))
        minute, hour = 60, 3600
        for number, seconds in enumerate(
            [5, 5 * minute, 30 * minute, *(one * hour for one in (2, 5, 10, 14, 20, 24))]
        ):
            assert seconds <= waits(runtime, error, number) <= 1.1 * seconds
        assert runtime.actions[RULE_OF].background.max_retries == number + 1

    def test_a_channel_that_is_gone_is_a_dead_letter(self):
        runtime = application(webhook_channel("orders", Order, url="https://a.b/", secret=SECRET))
        arguments = {"channel": "x", "subscriber": "y", "message": "z", "event": "{}"}
        assert isinstance(deliver(runtime, arguments), NotFound)


class Store:
    """A store of subscribers."""

    def __init__(self, url):
        self.known = {"ann": WebhookSubscriber(url, SECRET, id="ann")}
        self.disabled = []

    def subscribers(self, channel):
        return self.known.values()

    def subscriber(self, channel, subscriber_id):
        return self.known.get(subscriber_id)

    def disable(self, channel, subscriber_id, reason):
        self.disabled.append((channel, subscriber_id, reason))
        del self.known[subscriber_id]


class TestUnkindServers:
    """Each is given at most the time of a delivery, here 3 s, and some for a busy machine."""

    @pytest.mark.parametrize("path", ["/hang", "/drip-headers"])
    def test_one_that_does_not_answer_is_given_up(self, receiver, path):
        began = time.monotonic()
        error, runtime = sent_to(receiver.url(path))
        assert 2.9 <= time.monotonic() - began < 9
        assert "has not answered within 3 s" in error.detail
        assert 5.0 <= waits(runtime, error) <= 5.5

    def test_one_that_hangs_up_has_not_answered(self, receiver):
        error, _ = sent_to(receiver.url("/cut"))
        assert "cannot be reached" in error.detail

    def test_one_that_is_not_there_cannot_be_reached(self, receiver):
        error, runtime = sent_to("http://127.0.0.1:1025/")
        assert "cannot be reached" in error.detail
        assert waits(runtime, error) >= 5

    @pytest.mark.parametrize(("path", "well"), [("/drip/200", True), ("/drip/500", False)])
    def test_one_whose_body_drips_has_answered_all_the_same(self, receiver, path, well):
        began = time.monotonic()
        error, _ = sent_to(receiver.url(path))
        assert (error is None) is well
        assert time.monotonic() - began < 8

    @pytest.mark.parametrize(("path", "well"), [("/endless", True), ("/huge", False)])
    def test_of_one_that_sends_much_little_is_read(self, receiver, path, well):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.monotonic()
        error, _ = sent_to(receiver.url(path))
        assert (error is None) is well
        assert time.monotonic() - began < 8
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 32 * 1024  # in KiB
        assert receiver.sent < 16 * 1024 * 1024  # what the sockets' buffers hold


class TestSecrecy:
    def test_no_log_has_a_secret_or_the_whole_url(self, receiver, caplog):
        caplog.set_level(logging.DEBUG)
        for path in ("/ok", "/status/500", "/status/410", "/cut"):
            sent_to(receiver.url(f"{path}?token=canary-in-the-url"))
        sent_to("http://10.1.2.3/?token=canary-in-the-url")
        sent_to("http://no-such-host.invalid/?token=canary-in-the-url")
        assert "127.0.0.1" in caplog.text
        assert "canary" not in caplog.text
        assert SECRET[6:] not in caplog.text
        own = [one for one in caplog.records if not one.name.startswith("httpcore")]
        assert not [one for one in own if "v1," in one.getMessage()]

    def test_no_error_has_them_either(self, receiver):
        for path in ("/status/500", "/status/410", "/cut", "/hang"):
            error, _ = sent_to(receiver.url(f"{path}?token=canary-in-the-url"), webhook_timeout=1)
            assert "canary" not in f"{error.detail}{error!r}"


def test_what_the_judge_refuses_it_refuses_here_too():
    with pytest.raises(Exception, match="Missing"):
        Webhook(SECRET).verify(b"{}", {})


def test_in_process_deliveries_warn_that_they_are_lost(receiver, caplog):
    channel = webhook_channel("orders", Order, url=receiver.url(), secret=SECRET)
    application(channel)
    channel.publish(Order(item="tea"))
    receiver.wait_for(1)
    assert "are lost when it ends" in caplog.text
