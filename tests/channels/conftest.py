"""Lets the tests of this folder import what they share."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `talk_server`
pytest.register_assert_rewrite("log_contract", "log_nodes")

ON_REST = (
    "test_asyncapi.py",
    "test_channel_nodes.py",
    "test_channel_surface.py",
    "test_channels_elsewhere.py",
    "test_client.py",
    "test_client_in_browser.py",
    "test_event_streams.py",
    "test_publish_command.py",
    "test_sockets.py",
    "test_sockets_limits.py",
    "test_studio_in_browser.py",
)
"""What talks to applications that are told by REST what to publish, or that send jobs."""

OF_JOBS = ("test_webhooks_delivering.py", "test_webhooks_durable.py")
"""What delivers by the jobs of servey-sched."""

collect_ignore = [
    *(ON_REST if find_spec("servey_rest") is None or find_spec("servey_sched") is None else ()),
    *(OF_JOBS if find_spec("servey_sched") is None else ()),
]
"""Where the distribution is tested alone, the others are not there by design."""
