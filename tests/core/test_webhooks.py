"""Webhook channels and triggers as data, and how jobs wait that say how long."""

from datetime import timedelta

import pytest

from servey_core import (
    Background,
    Unavailable,
    WebhookChannel,
    WebhookSubscriber,
    WebhookTrigger,
    action,
    action_of,
    webhook_channel,
)
from servey_core.errors import ConfigurationError, SettingsError, TooManyRequests
from servey_core.event_channels import ChannelError
from servey_core.running_jobs import Postponed, counts_as_retry, retry_delay
from servey_core.runtime import start
from servey_core.webhook_secrets import revealed

SECRET = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"
PASSWORD = "canary"
URL = "https://example.com/hooks/canary?token=canary"


class TestChannels:
    def test_one_url_is_one_subscriber(self):
        channel = webhook_channel("orders", dict[str, int], url=URL, secret=SECRET)
        [subscriber] = channel.subscribers.subscribers("orders")
        assert (subscriber.url, subscriber.secrets) == (URL, (SECRET,))
        assert channel.subscribers.subscriber("orders", subscriber.id) is subscriber
        assert channel.subscribers.subscriber("orders", "ann") is None
        assert isinstance(channel, WebhookChannel)
        assert channel.place.startswith(__file__)

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            ({}, "give it a url"),
            ({"url": URL, "secret": SECRET, "subscribers": []}, "give it a url"),
            ({"url": URL}, "needs a secret"),
            ({"url": URL, "secret": ["", SECRET]}, "needs a secret"),
            ({"subscribers": [], "secret": SECRET}, "each subscriber has its own"),
            ({"url": "ftp://example.com/", "secret": SECRET}, "begins with https://"),
            ({"url": "example.com", "secret": SECRET}, "begins with https://"),
            ({"url": "https:///canary", "secret": SECRET}, "begins with https://"),
            (
                {"url": f"https://canary:{PASSWORD}@example.com/", "secret": SECRET},
                "a user or a password",
            ),
            ({"subscribers": [WebhookSubscriber(URL, SECRET)] * 2}, "one id"),
        ],
    )
    def test_what_cannot_be_is_an_error_with_its_place_and_no_secret(self, given, why):
        with pytest.raises(ChannelError, match=why) as caught:
            webhook_channel("orders", int, **given)
        assert f"'orders' ({__file__}" in str(caught.value)
        assert "canary" not in str(caught.value)

    def test_a_channel_needs_a_plugin_that_delivers_it(self):
        channel = webhook_channel("orders", int, url=URL, secret=SECRET)
        start(actions=[], channels=[channel], given={"plugins_deny": "channels"})
        with pytest.raises(ConfigurationError, match="servey-channels"):
            channel.publish(1)

    def test_nothing_secret_is_shown(self):
        subscriber = WebhookSubscriber(URL, [SECRET])
        channel = webhook_channel("orders", int, subscribers=[subscriber])
        assert "canary" not in f"{subscriber!r} {channel!r} {channel.subscribers!r}".lower()
        assert subscriber.origin == "https://example.com"

    def test_an_id_is_of_the_url_or_given(self):
        assert WebhookSubscriber(URL, SECRET).id == WebhookSubscriber(URL, "OTHER").id
        assert WebhookSubscriber(f"{URL}2", SECRET).id != WebhookSubscriber(URL, SECRET).id
        assert WebhookSubscriber(URL, SECRET, id="ann").id == "ann"


class TestSecrets:
    def test_they_are_given_or_named(self, monkeypatch):
        monkeypatch.setenv("A_SECRET", "whsec_b whsec_c")
        assert revealed([SECRET, "A_SECRET"]) == [SECRET, "whsec_b", "whsec_c"]

    @pytest.mark.parametrize("name", ["NO_SECRET", "canary-secret"])
    def test_one_that_is_not_there_is_an_error_that_tells_no_secret(self, monkeypatch, name):
        monkeypatch.delenv(name, raising=False)
        with pytest.raises(SettingsError, match="is not set") as caught:
            revealed([name])
        assert "canary" not in str(caught.value)
        assert ("NO_SECRET" in str(caught.value)) is (name == "NO_SECRET")


class TestTriggers:
    def test_its_path_is_of_the_action_or_given(self):
        trigger = WebhookTrigger(secret=SECRET)

        @action(triggers=trigger)
        def order_paid() -> None:
            """Nothing."""

        assert trigger.path_for(action_of(order_paid)) == "/webhooks/order-paid"
        assert WebhookTrigger(secret=SECRET, path="/x").path_for(action_of(order_paid)) == "/x"
        assert str(trigger) == "webhook"
        assert str(WebhookTrigger(secret=SECRET, path="/x")) == "webhook /x"

    @pytest.mark.parametrize(
        "given",
        [
            {"secret": ""},
            {"secret": ()},
            {"secret": SECRET, "path": "x"},
            {"secret": SECRET, "tolerance": -1},
            {"secret": SECRET, "max_body_bytes": -1},
        ],
    )
    def test_what_cannot_be_is_an_error(self, given):
        with pytest.raises(ValueError):
            WebhookTrigger(**given)

    def test_nothing_secret_is_shown(self):
        assert SECRET[6:] not in repr(WebhookTrigger(secret=[SECRET, SECRET]))


class TestBackoff:
    RULE = Background(backoff=[5, timedelta(minutes=5), 3600])

    @pytest.mark.parametrize(("retries", "seconds"), [(0, 5), (1, 300), (2, 3600), (99, 3600)])
    def test_each_repeat_waits_as_long_as_is_said_and_a_little_more(self, retries, seconds):
        delays = [retry_delay(self.RULE, Unavailable(), retries) for _ in range(200)]
        assert seconds <= min(delays) <= max(delays) <= 1.1 * seconds
        assert max(delays) - min(delays) > 0.05 * seconds

    @pytest.mark.parametrize(("told", "least"), [("60", 60), ("999999", 3600), ("1", 5)])
    def test_who_says_when_to_try_again_is_heeded_as_long_as_the_longest(self, told, least):
        error = TooManyRequests(headers={"Retry-After": told})
        assert least <= retry_delay(self.RULE, error, 0) <= max(5.5, least)

    @pytest.mark.parametrize("backoff", [[-1], [1, float("inf")]])
    def test_what_cannot_be_is_an_error(self, backoff):
        with pytest.raises(ValueError, match=r"Background\.backoff"):
            Background(backoff=backoff)

    def test_it_stays_a_value(self):
        assert hash(self.RULE) == hash(Background(backoff=(5, 300, 3600)))

    def test_what_is_put_off_waits_as_long_as_it_says_and_was_no_try(self):
        error = Postponed("It is busy.", 7.5)
        assert retry_delay(self.RULE, error, 2) == 7.5
        assert not counts_as_retry(error)
