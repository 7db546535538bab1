"""The log in memory keeps what every log promises."""

import pytest
from log_contract import LogContract
from log_nodes import put

from servey_channels.logs.memory import MemoryLog


class TestMemoryLog(LogContract):
    @pytest.fixture
    def recipe(self):
        return "from servey_channels.logs.memory import MemoryLog\nlog = MemoryLog()"


def test_each_log_has_an_epoch_of_its_own():
    assert put(MemoryLog(), 1).epoch != put(MemoryLog(), 1).epoch
