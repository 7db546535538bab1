"""Webhooks go to public addresses alone, however the others are written, named or resolved."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from webhook_applications import Order, application, deliver, deliveries
from webhook_rebinding import CGNAT, METADATA, PRIVATE, PUBLIC, URLS
from webhook_receivers import SECRET, Receiver

from servey_core import PermissionDenied, SettingsError, webhook_channel
from servey_core.running_jobs import retry_delay

HERE = Path(__file__).parent
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--mount"]

LOOPBACK = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1"),
    *("017700000001", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LOCALHOST"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1"),
]
OTHERS = [
    *("10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1"),
    *("192.0.0.192", "224.0.0.1", "255.255.255.255", "240.0.0.1", "2852039166", "0xa9fea9fe"),
    *("[fd00:ec2::254]", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[::ffff:169.254.169.254]"),
    *("[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]"),
]


def sent_to(url, **given):
    channel = webhook_channel("orders", Order, url=url, secret=SECRET)
    runtime = application(channel, **given)
    [arguments] = deliveries(runtime, channel)
    error = deliver(runtime, arguments)
    again = error and retry_delay(runtime.actions["servey_deliver_webhook"].background, error, 0)
    return error, again


@pytest.fixture
def listener():
    """A port of this machine, and how often somebody has connected to it."""
    came = Counter()
    server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)

    def accept():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            came["connections"] += 1
            connection.close()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1], came
    server.close()


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_is_not_connected_to(listener, host):
    port, came = listener
    error, again = sent_to(f"http://{host}:{port}/", webhook_private_networks="")
    assert isinstance(error, PermissionDenied), error
    assert again is None  # a dead letter at once
    assert not came


@pytest.mark.parametrize("host", OTHERS)
def test_no_address_that_is_not_public_is_connected_to(host):
    error, _ = sent_to(f"http://{host}/", webhook_private_networks="", webhook_timeout=1)
    assert isinstance(error, PermissionDenied), error


@pytest.mark.parametrize("port", [22, 25, 110, 587])
def test_ports_of_other_protocols_are_not_connected_to(port):
    error, _ = sent_to(f"http://93.184.216.34:{port}/")
    assert isinstance(error, PermissionDenied)
    assert f"do not go to port {port}, but" in error.detail
    assert len(error.detail) < 200


@pytest.mark.parametrize("host", ["xn--", "xn--a.example", "②.com", "a..b", "127.0.0.1:99999"])
def test_what_is_no_host_is_a_dead_letter_at_once(host):
    error, again = sent_to(f"https://{host}/")
    assert (type(error), again) == (PermissionDenied, None)


def test_a_refusal_says_what_would_allow_it():
    error, _ = sent_to("http://127.0.0.1:1025/", webhook_private_networks="")
    assert "127.0.0.1" in error.detail
    assert "SERVEY_WEBHOOK_PRIVATE_NETWORKS" in error.detail


def test_networks_can_be_allowed_and_others_are_not():
    with Receiver.running() as receiver:
        assert sent_to(receiver.url(), webhook_private_networks="127.0.0.1/32")[0] is None
        assert sent_to("http://10.0.0.5/", webhook_private_networks="127.0.0.1/32")[0].status == 403


@pytest.mark.parametrize("networks", ["loopback", "127.0.0.1/8", "64:ff9b::/96"])
def test_what_is_no_network_is_an_error_that_names_the_setting(networks):
    with pytest.raises(SettingsError, match="SERVEY_WEBHOOK_PRIVATE_NETWORKS"):
        sent_to("http://127.0.0.1:9/", webhook_private_networks=networks)


def test_proxies_of_the_environment_do_not_carry_webhooks(monkeypatch):
    with Receiver.running() as receiver:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        assert sent_to(receiver.url())[0] is None


@pytest.fixture(scope="module")
def network():
    """What happens in a network of its own; skipped where the machine allows none."""
    missing = [one for one in ("unshare", "ip", "mount") if not shutil.which(one)]
    if missing:
        pytest.skip(f"this machine has no {missing[0]!r}")
    probe = [*NAMESPACES, "ip", "link", "set", "lo", "up"]
    if subprocess.run(probe, check=False, capture_output=True, timeout=60).returncode:
        pytest.skip("this machine allows no namespaces")
    command = [*NAMESPACES, sys.executable, HERE / "webhook_rebinding.py"]
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}  # for `waiting`
    done = subprocess.run(
        command, env=env, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestResolved:
    def test_nobody_but_the_public_host_is_connected_to(self, network):
        assert set(network["connections"]) == {PUBLIC}
        assert not {PRIVATE, METADATA, CGNAT} & set(network["connections"])

    def test_the_public_host_is_delivered_to(self, network):
        assert dict(network["ended"])["http://public.test/"] == "delivered"

    @pytest.mark.parametrize("name", ["private", "metadata", "cgnat", "loopback", "mixed"])
    def test_names_of_other_addresses_are_refused(self, network, name):
        assert dict(network["ended"])[f"http://{name}.test/"].startswith("PermissionDenied")

    def test_a_redirect_is_not_followed(self, network):
        assert "answered 302" in dict(network["ended"])["http://public.test/redirect"]

    def test_a_name_that_changes_is_asked_for_once_for_each_delivery(self, network):
        for name in ("rebinding.test", "rebinding-back.test"):
            url = f"http://{name}/"
            ended = [how for where, how in network["ended"] if where == url]
            assert network["queries"][name] == URLS.count(url) == len(ended)
            assert {how.partition(":")[0] for how in ended} == {"delivered", "PermissionDenied"}
