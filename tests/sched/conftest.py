"""What the brokers' tests share."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for the contracts
pytest.register_assert_rewrite(
    "broker_contract",
    "broker_nodes",
    "claims_contract",
    "inspection_contract",
    "processes_contract",
)
