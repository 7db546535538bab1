"""What the brokers' tests share."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # for the contracts and `redis_servers`
pytest.register_assert_rewrite(
    "broker_contract",
    "broker_nodes",
    "claims_contract",
    "inspection_contract",
    "processes_contract",
)
