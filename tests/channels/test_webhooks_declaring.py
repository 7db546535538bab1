"""What is wrong with webhooks is said when the application starts."""

import subprocess
import sys

import pytest
from webhook_applications import Order, application
from webhook_receivers import SECRET

from servey_core import ConfigurationError, SettingsError, webhook_channel

URL = "https://example.com/"

WITHOUT = """
import sys
for name in ("httpx", "ssrfguard", "standardwebhooks"):
    sys.modules[name] = None
from servey_core import WebhookTrigger, action, start, webhook_channel

channel = webhook_channel("orders", int, url="https://example.com/", secret="{secret}")

@action(triggers=WebhookTrigger(secret="{secret}"))
def paid(order: str) -> None: ...

given = dict(state="memory:")
for statement in sys.argv[1:]:
    try:
        exec(statement)
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print("well")
"""
STATEMENTS = {
    "start(actions=[], channels=[channel], given=given)": "SettingsError",
    "start(actions=[paid.servey_action], given=given).services()": "SettingsError",
    "start(actions=[], given=given).services()": "well",
}


@pytest.mark.parametrize("secret", ["whsec_", "whsec_c2hvcnQ=", "whsec_!", "NOT_SET_ANYWHERE"])
def test_secrets_of_channels_are_looked_at_before_the_first_event(secret):
    channel = webhook_channel("orders", Order, url=URL, secret=secret)
    runtime = application(channel)
    with pytest.raises(SettingsError, match=r"orders|NOT_SET") as caught:
        runtime.transport_of(channel)
    assert "c2hvcnQ" not in str(caught.value)


def test_serving_looks_at_them(monkeypatch):
    channel = webhook_channel("orders", Order, url=URL, secret="NOT_SET_ANYWHERE")
    with pytest.raises(ConfigurationError, match="NOT_SET_ANYWHERE"):
        application(channel).services()


def test_the_action_of_deliveries_has_no_door():
    runtime = application(webhook_channel("orders", Order, url=URL, secret=SECRET))
    found = runtime.actions["servey_deliver_webhook"]
    assert found.triggers == ()
    assert found.background.queue == "webhooks"
    assert "servey_deliver_webhook" not in application().actions  # nor is there a queue for it


def test_without_the_extra_the_answer_is_what_to_install():
    text = WITHOUT.format(secret=SECRET)
    command = [sys.executable, "-c", text, *STATEMENTS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert [one.split()[0] for one in answers] == list(STATEMENTS.values()), done.stderr
    for answer in answers:
        assert ("pip install 'servey-channels[webhooks]'" in answer) is (answer != "well")
