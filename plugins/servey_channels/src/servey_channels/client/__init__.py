"""Clients of channels: one for Python, and one ES module for browsers and for Node."""

from pathlib import Path

from servey_channels.client.connection import ChannelClient, connect
from servey_channels.client.delays import Delays
from servey_channels.client.errors import ChannelProblem, ClientError, ConnectionLost, Refused
from servey_channels.client.subscription import Event, Subscription

CLIENT_FILE = Path(__file__).with_name("servey-client.js")
"""The module for browsers; it needs nothing else, and its types are beside it."""

__all__ = [
    "CLIENT_FILE",
    "ChannelClient",
    "ChannelProblem",
    "ClientError",
    "ConnectionLost",
    "Delays",
    "Event",
    "Refused",
    "Subscription",
    "connect",
]
