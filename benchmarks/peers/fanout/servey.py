"""Servey's channels, in memory, on its own web host as in production."""

from typing import Any

from peers.contract import SECRET
from peers.fanout.servey_app import actions
from servey_core import Runtime, action_of, start

SETTINGS: dict[str, Any] = {
    "env": "production",
    "jwt_secret_key": SECRET,
    "allowed_hosts": ("127.0.0.1",),
    "hsts_seconds": 31_536_000,
    "access_log": False,
    "state": "memory:",
    "channels_max_per_address": 100_000,
    "channels_max_connections": 100_000,
    "websocket_ping_seconds": 3600.0,
    "keep_alive_seconds": 3600,
}
"""In production, but all clients come from one address, and are never asked whether they live."""


def runtime() -> Runtime:
    """The application of `servey_app`."""
    made = action_of(actions.publish)
    assert made is not None
    return start(actions=[made], channels=[actions.messenger], given=SETTINGS)


def variables(url: str) -> dict[str, str]:
    """The same as variables of the environment, with events at a URL."""
    given = {**SETTINGS, "allowed_hosts": ",".join(SETTINGS["allowed_hosts"]), "channels_url": url}
    return {f"SERVEY_{name.upper()}": str(value) for name, value in given.items()}
