"""The SQLite broker where its file cannot be used: clear errors in time, and nothing lost."""

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from queue import SimpleQueue

import dramatiq
import pytest
from broker_nodes import message
from claims_contract import tick
from dramatiq.errors import ConnectionClosed, ConnectionFailed
from waiting import PATIENCE, until

from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.sqlite import SqliteBroker
from servey_sched.brokers.sqlite_writer import Writer

INSERT = "INSERT INTO servey_schedules VALUES (?, '', 0, 0, 0, '[]', NULL)"
BEGINNING = """
import os, resource, sys
from pathlib import Path
import dramatiq
from dramatiq.errors import ConnectionFailed
from servey_sched.brokers.sqlite import SqliteBroker

def message():
    return dramatiq.Message("default", "note", (), {}, {})

broker = SqliteBroker(Path(sys.argv[1]))
broker.declare_queue("default")
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.db"


@pytest.fixture
def broker(path):
    with closing(SqliteBroker(path, lease=0.5, patience=0.2)) as broker:
        broker.declare_queue("default")
        yield broker


@contextmanager
def locked(path):
    """Another connection writes, and does not finish."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def run(program, path):
    """What a process says that runs a program on the file."""
    command = [sys.executable, "-W", "ignore", "-c", BEGINNING + program, str(path)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout.split()


def test_a_locked_file_is_an_error_in_time_and_no_longer_than_it_is_locked(broker, path):
    broker.enqueue(message())
    why = r"jobs\.db cannot be used just now: .* locked\. Another process .* if it is stopped, let"
    with locked(path):
        began = time.monotonic()
        with pytest.raises(ConnectionFailed, match=why):
            broker.enqueue(message())
        assert 0.2 <= time.monotonic() - began < 2
    broker.enqueue(message())
    assert broker.sizes() == {"default": QueueSizes(ready=2)}


def test_many_calls_on_a_locked_file_all_end_in_time(broker, path):
    broker.enqueue(message())
    ends = []

    def enqueue():
        with pytest.raises(ConnectionFailed):
            broker.enqueue(message())
        ends.append(time.monotonic())

    with locked(path):
        began = time.monotonic()
        threads = [threading.Thread(target=enqueue) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(ends) == 20
    assert max(ends) - began < 2


def test_a_call_waits_for_a_lock_that_passes(path):
    with closing(SqliteBroker(path, patience=PATIENCE)) as broker:
        broker.declare_queue("default")
        broker.sizes()
        with locked(path):
            thread = threading.Thread(target=broker.enqueue, args=(message(),))
            thread.start()
            thread.join(0.1)
            assert thread.is_alive()
        thread.join()
        assert broker.sizes()["default"].ready == 1


def test_a_full_disk_is_an_error_and_what_was_accepted_is_there(path, broker):
    said = run(
        """
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
broker.sizes()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
accepted = 0
try:
    while True:
        broker.enqueue(message())
        accepted += 1
except ConnectionFailed as error:
    assert "cannot be used just now" in str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
broker.enqueue(message())
print(accepted + 1)
broker.close()
""",
        path,
    )
    (accepted,) = map(int, said)
    assert accepted > 1
    assert broker.sizes() == {"default": QueueSizes(ready=accepted)}


def test_a_file_that_is_no_database_is_an_error(path, broker):
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(ConnectionFailed, match=r"jobs\.db .* not a database"):
        broker.enqueue(message())
    assert path.read_bytes() == b"something else" * 1000


def test_a_folder_that_is_gone_is_an_error(tmp_path):
    with closing(SqliteBroker(tmp_path / "gone" / "jobs.db")) as broker:
        broker.declare_queue("default")
        with pytest.raises(ConnectionFailed, match="No such file or directory"):
            broker.enqueue(message())


def test_a_closed_broker_says_so(broker):
    broker.enqueue(message())
    broker.close()
    broker.close()
    with pytest.raises(ConnectionClosed, match=r"jobs\.db is closed"):
        broker.enqueue(message())


def test_a_broker_that_was_used_before_a_fork_refuses_to_be_used_after_it(path):
    said = run(
        """
broker.enqueue(message())
if os.fork():
    os.wait()
    print("parent", broker.sizes()["default"].ready, flush=True)
    broker.close()
else:
    try:
        broker.enqueue(message())
    except RuntimeError as error:
        print("Make the broker after the fork" in str(error), flush=True)
    os._exit(0)
""",
        path,
    )
    assert said == ["True", "parent", "1"]


def test_processes_that_were_forked_before_its_first_use_have_a_broker_each(path):
    said = run(
        """
children = [os.fork() or os._exit(broker.enqueue(message()) is None) for _ in range(3)]
for child in children:
    assert os.waitpid(child, 0)[1] == 0
print(broker.sizes()["default"].ready)
broker.close()
""",
        path,
    )
    assert said == ["3"]


def test_text_in_the_table_that_is_none_stops_nobody(broker, path):
    broker.sizes()
    with closing(sqlite3.connect(path)) as other, other:
        for queue in ("default", b"\xff"):
            other.execute(
                "INSERT INTO servey_jobs (id, queue, priority, state, until, starts, holder, body)"
                " VALUES (CAST(x'ff00' || ?1 AS TEXT), CAST(?1 AS TEXT), 0, 'ready', 0, 0, '', 7)",
                (queue,),
            )
    done = threading.Event()
    dramatiq.actor(done.set, broker=broker, actor_name="good").send()
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=2)
    worker.start()
    assert done.wait(PATIENCE)
    worker.stop()
    assert len(broker.dead()) == 1
    assert broker.sizes()["\ufffd"].ready == 1


def test_a_process_that_ends_does_not_take_the_log_from_those_that_go_on(broker, path):
    consumer = broker.consume("default", prefetch=10, timeout=20)
    for number in range(1, 4):
        run("broker.enqueue(message()); broker.close()", path)
        broker.enqueue(message())
        assert broker.sizes()["default"].ready == 2 * number
    delivered = list(iter(lambda: next(consumer), None))
    assert len(delivered) == 6
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM servey_jobs").fetchone() == (6,)
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)


class Counted(SimpleQueue):
    """A queue that knows how many were put into it: how many it still has says less."""

    puts = 0

    def put(self, *arguments):
        super().put(*arguments)
        self.puts += 1


def test_what_gathers_while_one_commits_shares_a_commit(path):
    commits = []
    began, go = threading.Event(), threading.Event()

    def holds(_):
        began.set()
        assert go.wait(PATIENCE)

    def does(number):
        results.append(writer.run(lambda _: number))

    results = []
    with closing(Writer(path, 1.0, lambda: commits.append(1))) as writer:
        writer._operations = Counted()
        threads = [threading.Thread(target=writer.run, args=(holds,))]
        threads[0].start()
        assert began.wait(PATIENCE)
        threads += [threading.Thread(target=does, args=(number,)) for number in range(20)]
        for thread in threads[1:]:
            thread.start()
        until(lambda: writer._operations.puts == 20)
        go.set()
        for thread in threads:
            thread.join()
    assert sorted(results) == list(range(20))
    assert len(commits) == 2


def test_an_operation_that_fails_takes_no_other_with_it(path):
    began, go = threading.Event(), threading.Event()

    def holds(_):
        began.set()
        assert go.wait(PATIENCE)

    def adds(connection):
        connection.execute(INSERT, ("good",))

    def fails(connection):
        connection.execute(INSERT, ("half",))
        raise ValueError

    def run_failing():
        with pytest.raises(ValueError):
            writer.run(fails)
        failed.append(1)

    failed = []
    with closing(Writer(path, 1.0, lambda: None)) as writer:
        writer._operations = Counted()
        threads = [threading.Thread(target=writer.run, args=(holds,))]
        threads[0].start()
        assert began.wait(PATIENCE)
        threads.append(threading.Thread(target=writer.run, args=(adds,)))
        threads.append(threading.Thread(target=run_failing))
        for thread in threads[1:]:
            thread.start()
        until(lambda: writer._operations.puts == 2)
        go.set()
        for thread in threads:
            thread.join()
        query = "SELECT name FROM servey_schedules"
        assert writer.run(lambda connection: connection.execute(query).fetchall()) == [("good",)]
    assert failed == [1]


def test_ctrl_c_in_an_operation_leaves_nothing_of_it_and_nobody_waiting(path):
    def interrupted(connection):
        connection.execute(INSERT, ("half",))
        raise KeyboardInterrupt

    with closing(Writer(path, 1.0, lambda: None)) as writer:
        with pytest.raises(KeyboardInterrupt):
            writer.run(interrupted)
        with closing(Writer(path, 0.0, lambda: None)) as other:
            other.run(lambda connection: connection.execute(INSERT, ("theirs",)))
        writer.run(lambda connection: connection.execute(INSERT, ("ours",)))
        query = "SELECT name FROM servey_schedules ORDER BY name"
        found = writer.run(lambda connection: connection.execute(query).fetchall())
    assert found == [("ours",), ("theirs",)]


def test_what_must_be_durable_is_synced_and_what_need_not_is_not(path):
    def synchronous(connection):
        return connection.execute("PRAGMA synchronous").fetchone()[0]

    with closing(Writer(path, 1.0, lambda: None)) as writer:
        levels = [writer.run(synchronous, durable=durable) for durable in (True, False, True)]
    full, normal = 2, 1
    assert levels == [full, normal, full]


def test_many_acknowledgements_are_one_commit_that_is_not_synced(broker):
    broker.enqueue_many([message() for _ in range(50)])
    consumer = broker.consume("default", prefetch=50, timeout=1000)
    delivered = [next(consumer) for _ in range(50)]
    commits = []
    broker._writer._on_commit = lambda: commits.append(broker._writer._durable)
    consumer.ack_many(delivered)
    assert commits == [False]
    assert broker.sizes() == {"default": QueueSizes()}


def test_a_schedule_that_is_new_is_synced_and_one_that_is_seen_again_is_not(broker):
    commits = []
    broker._writer._on_commit = lambda: commits.append(broker._writer._durable)
    for number in range(3):
        broker.schedule("s", now=tick(number))
    assert commits == [False, True, False, False]
    broker.claim("s", tick(9), message())
    assert commits[4:] == [True]
