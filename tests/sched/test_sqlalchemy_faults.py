"""An outbox loses no job and runs none twice, whoever is killed: real processes, on PostgreSQL."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from waiting import PATIENCE

pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

import postgres_servers
import psycopg

from servey_sched.brokers.sqlite import SqliteBroker

pytestmark = pytest.mark.slow

ACTIONS = """
import os
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from servey_core import FixedRateTrigger, action
from servey_sched.sqlalchemy import Outbox, OutboxRow

engine = create_engine(os.environ["DATABASE_URL"])

class Base(DeclarativeBase):
    pass

class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)

class Receipt(Base):
    __tablename__ = "receipts"
    id: Mapped[int] = mapped_column(primary_key=True)
    order: Mapped[int]

class OutboxJob(OutboxRow, Base):
    __tablename__ = "outbox"

outbox = Outbox(OutboxJob)

@action
def send_receipt(order: int) -> None:
    with Session(engine) as session, session.begin():
        session.add(Receipt(order=order))

@action(triggers=FixedRateTrigger(0.2))
def relay() -> int:
    with Session(engine) as session:
        return outbox.relay(session)
"""

SELL = """
import itertools
import os
import time
from sqlalchemy.orm import Session
from actions import Base, Order, engine, outbox, send_receipt

for number in itertools.count(1):
    with Session(engine) as session, session.begin():
        session.add(Order(id=number))
        outbox(session, send_receipt, number)
    os.write(1, f"{number}\\n".encode())
    if number == 400:  # one batch of a relay, however late it is killed
        time.sleep(600)
"""

RELAY_AND_DIE = """
import os
import signal
from servey_core import start
from actions import relay

queue = start().task_queue
put = queue.put

def put_and_die(orders):
    put(orders)
    os.kill(os.getpid(), signal.SIGKILL)

queue.put = put_and_die
relay()
"""


OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Shop:
    """A database, a broker, and processes that use both."""

    def __init__(self, url, folder):
        self.url, self._folder = url, folder
        (folder / "actions.py").write_text(ACTIONS)
        others = {name: value for name, value in os.environ.items() if "SERVEY" not in name}
        self._environment = {
            **others,
            "DATABASE_URL": postgres_servers.for_sqlalchemy(url),
            "SERVEY_PLUGINS": "sched",
        }
        assert self.run("from actions import Base, engine\nBase.metadata.create_all(engine)") == 0

        self.broker = SqliteBroker(folder / "servey.db", middleware=[])
        self.broker.declare_queue("default")

    def run(self, program):
        return self._start("-c", program).wait(PATIENCE)

    def sell(self):
        return self._start("-c", SELL, stdout=subprocess.PIPE)

    @contextmanager
    def serving(self, *services):
        process = self._start("-m", "servey_core", "serve", *services)
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0

    def ask(self, query):
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute(query)]

    def until(self, query, wanted):
        deadline = time.monotonic() + PATIENCE
        while (found := self.ask(query)) != wanted:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def _start(self, *words, **options):
        command = [sys.executable, *words]
        return subprocess.Popen(command, cwd=self._folder, env=self._environment, **options)


@pytest.fixture
def shop(tmp_path):
    with postgres_servers.database() as url:
        shop = Shop(url, tmp_path)
        yield shop
        shop.broker.close()


def test_what_has_committed_runs_once_though_everybody_is_killed(shop):
    with shop.sell() as seller:
        told = [int(seller.stdout.readline()) for _ in range(30)]
        seller.kill()
        told += [int(line) for line in seller.stdout.read().split()]
    shop.until(OTHERS, [0])  # what the seller was about to commit has committed, or is gone
    orders = shop.ask("SELECT id FROM orders ORDER BY id")
    assert set(told) <= set(orders)
    assert shop.ask("SELECT count(*) FROM outbox") == [len(orders)]

    assert shop.run(RELAY_AND_DIE) == -signal.SIGKILL  # it has sent the jobs, and deletes no row
    assert shop.ask("SELECT count(*) FROM outbox") == [len(orders)]

    with shop.serving("jobs"):
        shop.until('SELECT DISTINCT "order" FROM receipts ORDER BY 1', orders)
    assert shop.ask("SELECT count(*) FROM outbox") == [len(orders)]

    with shop.serving("jobs", "schedules"):  # they are sent once more, when they have run
        shop.until("SELECT count(*) FROM outbox", [0])
        shop.broker.join("default", timeout=60_000)
    assert shop.broker.dead() == []
    assert shop.ask('SELECT "order" FROM receipts ORDER BY 1') == orders
