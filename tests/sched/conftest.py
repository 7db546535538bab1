"""What the brokers' tests share."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # for `broker_contract` and `redis_servers`
pytest.register_assert_rewrite("broker_contract")
