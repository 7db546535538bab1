"""The SQLite broker keeps what every broker promises, on its file."""

import sqlite3
import stat
from contextlib import closing
from uuid import uuid4

import pytest
from broker_contract import BrokerContract
from broker_nodes import message
from claims_contract import ClaimingProcessesContract, ClaimsContract
from inspection_contract import InspectionContract, InspectionProcessesContract

from servey_core import SettingsError
from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.sqlite import SqliteBroker, sqlite_path


class TestSqlite(
    BrokerContract,
    InspectionContract,
    InspectionProcessesContract,
    ClaimsContract,
    ClaimingProcessesContract,
):
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "jobs.db"

    @pytest.fixture
    def recipe(self, path):
        return f"""
from pathlib import Path
from servey_sched.brokers.sqlite import SqliteBroker
broker = SqliteBroker(Path({str(path)!r}), lease=lease)
"""

    def put_garbage(self, broker, body):
        broker.sizes()  # makes the file
        with closing(sqlite3.connect(broker._path)) as connection, connection:
            connection.execute(
                "INSERT INTO servey_jobs (id, queue, priority, state, until, starts, holder, body)"
                " VALUES (?, 'default', 0, 'ready', 0, 0, '', ?)",
                (uuid4().hex, body),
            )

    def test_a_number_is_never_given_to_two_jobs(self, broker):
        broker.enqueue(message())
        consumer = broker.consume("default", prefetch=2, timeout=1000)
        first = next(consumer)
        consumer.ack(first)
        broker.enqueue(message())
        assert next(consumer) is not None
        consumer.ack(first)
        assert broker.sizes() == {"default": QueueSizes(running=1)}


def test_the_file_is_made_at_the_first_use_for_its_owner_alone(tmp_path):
    broker = SqliteBroker(tmp_path / "jobs.db")
    broker.declare_queue("default")
    assert list(tmp_path.iterdir()) == []
    with closing(broker):
        broker.enqueue(message())
        assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "url", ["", "redis://here", "sqlite:", "sqlite:///", "sqlite:////", "sqlite:///:memory:"]
)
def test_a_url_without_a_file_is_a_start_up_error(url):
    with pytest.raises(SettingsError, match=r"SERVEY_BROKER_URL is .* names no file"):
        sqlite_path("SERVEY_BROKER_URL", url)


def test_a_url_in_a_folder_that_is_not_there_is_a_start_up_error(tmp_path):
    with pytest.raises(SettingsError, match="there is no such folder"):
        sqlite_path("SERVEY_BROKER_URL", f"sqlite:///{tmp_path}/nowhere/jobs.db")


def test_a_url_names_a_file(tmp_path):
    assert sqlite_path("SERVEY_BROKER_URL", f"SQLite:///{tmp_path}/a.db") == tmp_path / "a.db"
