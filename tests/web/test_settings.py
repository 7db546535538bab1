"""The web host's settings, and the names that follow from them."""

import pytest

from servey_core.errors import SettingsError
from servey_core.settings import CoreSettings, Settings
from servey_web.hosts import TrustedHosts, trusted_hosts
from servey_web.responses import raw_headers
from servey_web.settings import WebSettings


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cors_origins": "*", "cors_credentials": True}, "'cors_credentials'.*every origin"),
        ({"cors_origins": "app.example.com"}, "'cors_origins'.*not an origin"),
        ({"cors_origins": "https://a.example/"}, "'cors_origins'"),
        ({"allowed_hosts": "https://a.example"}, "'allowed_hosts'.*host name"),
        ({"allowed_hosts": "a.example:80"}, "'allowed_hosts'"),
        ({"root_path": "api"}, "'root_path'"),
        ({"max_concurrency": 0}, "'max_concurrency'"),
    ],
)
def test_what_cannot_work_is_refused(given, message) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.load([WebSettings], given=given)


@pytest.mark.parametrize(
    ("core", "good", "bad"),
    [
        (
            {},
            ["localhost:8000", "127.0.0.1", "[::1]:1", "LOCALHOST."],
            ["10.0.0.1", "evil.example"],
        ),
        (
            {"env": "development", "host": "0.0.0.0"},
            ["localhost", "192.168.1.5:80", "[fe80::1]"],
            ["evil.example", "192.168.1.5.evil.example"],
        ),
        ({"env": "production"}, ["any.example", "10.0.0.1"], []),
    ],
)
def test_which_hosts_are_served_where_none_are_named(core, good, bad) -> None:
    hosts = trusted_hosts(CoreSettings(**core), WebSettings())
    assert all(hosts.admits(name.encode()) for name in good)
    assert not any(hosts.admits(name.encode()) for name in bad)


def test_a_wildcard_stands_for_what_is_below() -> None:
    hosts = TrustedHosts(["*.example.com"])
    assert hosts.admits(b"a.example.com:443")
    assert hosts.admits(b"a.b.EXAMPLE.com")
    for name in (b"example.com", b"aexample.com", b"a.example.com@evil", b"", None):
        assert not hosts.admits(name)


def test_no_header_can_break_a_response() -> None:
    headers = {"X-A": "a\r\nSet-Cookie: b", "X-B": "ä\u4e2d\udc80", "X C": "c", "X-D\r\n": "d"}
    assert raw_headers(headers) == [(b"x-a", b"a Set-Cookie: b"), (b"x-b", b"\xe4??")]
