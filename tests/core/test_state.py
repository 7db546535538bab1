"""The state stores of the core: in memory, and in a file."""

import asyncio
import json
import logging
import os
import sqlite3
import stat
import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from click.testing import CliRunner
from state_contract import LONG, SHORT, SharedStoreContract, StoreContract, gone, opened
from waiting import until

from servey_core import SettingsError, Unavailable, start
from servey_core.cli import command_line
from servey_core.cli.exits import CANNOT_START
from servey_core.state.memory import MemoryStore
from servey_core.state.sqlite import SqliteStore

pytestmark = pytest.mark.usefixtures("workplace")


class TestMemory(StoreContract):
    @pytest.fixture
    def url(self):
        return "memory:"


class TestSqlite(SharedStoreContract):
    @pytest.fixture
    def url(self, tmp_path):
        return f"sqlite:///{tmp_path}/state.db"


def test_memory_that_is_full_forgets_what_was_added_first():
    async def scenario():
        store = MemoryStore(max_entries=2)
        for key in ("one", "two", "three"):
            assert await store.add(key, b"", LONG) is None
        assert [await store.get(key) for key in ("one", "two", "three")] == [None, b"", b""]

    asyncio.run(scenario())


def test_memory_that_is_full_forgets_what_has_expired_before_anything_else():
    async def scenario():
        store = MemoryStore(max_entries=3)
        await store.add("first", b"", LONG)
        await store.add("short", b"", SHORT)
        await store.add("timer", b"", SHORT)
        assert await gone(store, "timer")  # and so has "short", which nobody has asked for
        await store.add("second", b"", LONG)
        await store.add("third", b"", LONG)
        assert [await store.get(key) for key in ("first", "second", "third")] == [b""] * 3

    asyncio.run(scenario())


def test_the_default_is_a_file_in_the_working_folder_made_at_the_first_use(workplace):
    store = start(actions=()).state
    assert not list(workplace.folder.iterdir())

    async def scenario():
        await store.add("key", b"value", LONG)
        await store.close()

    asyncio.run(scenario())
    assert [one.name for one in workplace.folder.iterdir()] == ["servey.db"]


def test_the_file_stays_where_it_is_when_the_working_folder_changes(workplace, monkeypatch):
    store = opened("sqlite:///state.db")
    (workplace.folder / "elsewhere").mkdir()
    monkeypatch.chdir(workplace.folder / "elsewhere")

    async def scenario():
        await store.add("key", b"value", LONG)
        await store.close()

    asyncio.run(scenario())
    assert (workplace.folder / "state.db").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_the_file_is_for_its_owner_alone(workplace):
    async def scenario():
        store = opened("sqlite:///state.db")
        await store.add("key", b"value", LONG)
        for file in workplace.folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        await store.close()

    asyncio.run(scenario())


def test_what_is_on_the_disk_is_synchronised_in_full(workplace):
    """Pulling the plug cannot be tried here: this holds what keeps it from losing anything."""
    statements = []

    def traced(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(statements.append)
        return connection

    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", traced)

        async def scenario():
            store = opened("sqlite:///state.db")
            await store.get("key")
            await store.close()

        asyncio.run(scenario())
    assert {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"} <= set(statements)


def test_what_has_expired_leaves_the_file(workplace):
    async def scenario():
        store = opened("sqlite:///state.db")
        for number in range(12):
            await store.add(f"short-{number}", b"", SHORT)
        assert await gone(store, "short-11")
        await store.add("one", b"", LONG)
        await store.add("two", b"", LONG)
        await store.close()

    asyncio.run(scenario())
    with sqlite3.connect(workplace.folder / "state.db") as connection:
        rows = connection.execute("SELECT key FROM servey_state").fetchall()
    connection.close()
    assert rows == [("one",), ("two",)]


def test_the_event_loop_goes_on_while_another_process_writes(workplace):
    async def scenario():
        store = opened("sqlite:///state.db")
        await store.get("key")
        other = sqlite3.connect(workplace.folder / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        adding = asyncio.ensure_future(store.add("key", b"value", LONG))
        done, _ = await asyncio.wait([adding], timeout=0.2)
        assert not done
        other.execute("COMMIT")
        other.close()
        assert await adding is None
        await store.close()

    asyncio.run(scenario())


def test_a_file_that_stays_locked_is_a_problem_and_no_crash(workplace, monkeypatch, caplog):
    monkeypatch.setattr("servey_core.state.sqlite.BUSY_SECONDS", 0.05)

    async def scenario():
        store = opened("sqlite:///state.db")
        await store.get("key")
        other = sqlite3.connect(workplace.folder / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for call in (
            store.add("key", b"", LONG),
            store.replace("key", b"", b"", LONG),
            store.remove("key", b""),
        ):
            with pytest.raises(Unavailable, match=r"The state store \(sqlite\) cannot be used"):
                await call
        other.execute("COMMIT")
        other.close()
        assert await store.add("key", b"", LONG) is None
        await store.close()

    asyncio.run(scenario())
    assert "state.db cannot be used: database is locked" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///missing/state.db", "missing/state.db: there is no such folder. Name a file"),
        ("sqlite://state.db", "which names no file"),
        ("sqlite:///", "which names no file"),
        ("sqlite:///:memory:", "The state in memory is `memory:`"),
        ("sqlite", "which names no file"),
        ("memory:///state.db", "the state in memory is `memory:`"),
        ("postgres://localhost", "it may be `sqlite:///servey.db`, `memory:`, or `redis://"),
        ("state.db", "it may be `sqlite:///servey.db`, `memory:`, or `redis://"),
    ],
)
def test_a_url_that_does_not_do_is_an_error_that_says_what_does(url, reason):
    with pytest.raises(SettingsError) as caught:
        opened(url)
    assert str(caught.value).startswith("SERVEY_STATE")
    assert reason in str(caught.value)


def test_a_redis_without_its_plugin_is_an_error_that_says_what_to_install(monkeypatch):
    installed = {point.name for point in entry_points(group="servey")}
    monkeypatch.setenv("SERVEY_PLUGINS_DENY", ",".join(installed))
    with pytest.raises(SettingsError) as caught:
        opened("redis://ann:s3cret@localhost:1/0")
    assert "SERVEY_STATE is 'redis://[redacted]@localhost:1/0'" in str(caught.value)
    assert "servey-redis" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_serving_does_not_begin_with_a_store_that_nobody_serves(refused):
    assert "SERVEY_STATE is 'shelf:'" in refused(CANNOT_START, SERVEY_STATE="shelf:")


@pytest.mark.parametrize(
    ("url", "level"), [("memory:", "ok"), ("sqlite:///missing/state.db", "fail")]
)
def test_the_doctor_looks_at_the_store(workplace, monkeypatch, url, level):
    workplace.write("actions.py", "")
    monkeypatch.setenv("SERVEY_STATE", url)
    report = CliRunner().invoke(command_line, ["doctor", "--json"]).stdout
    (found,) = (one for one in json.loads(report) if one["subject"] == "state")
    assert (found["level"], url.rpartition("/")[2] in found["detail"]) == (level, True)


@pytest.mark.parametrize("made", ["a folder", "another file"])
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(workplace, made):
    path = workplace.folder / "state.db"
    if made == "a folder":
        path.mkdir()
    else:
        path.write_text("dear diary, " * 1000)

    async def scenario():
        store = opened("sqlite:///state.db")
        for _ in range(2):
            with pytest.raises(SettingsError, match="SERVEY_STATE") as caught:
                await store.get("key")
            assert f"{path}: " in str(caught.value)
        await store.close()

    asyncio.run(scenario())


FORK = """
import asyncio, os
from servey_core import start

store = start(actions=(), given={"state": "sqlite:///state.db"}).state
to_child, from_child = os.pipe(), os.pipe()
asyncio.run(store.add("before", b"1", 60))
if os.fork() == 0:
    async def child():
        assert await store.get("before") == b"1"
        os.write(from_child[1], b".")
        os.read(to_child[0], 1)
        assert await store.add("after", b"2", 60) is None
    asyncio.run(asyncio.wait_for(child(), 60))
    os._exit(0)
os.read(from_child[0], 1)
assert asyncio.run(store.get("before")) == b"1"
asyncio.run(store.close())
os.write(to_child[1], b".")
assert os.wait()[1] == 0
assert asyncio.run(store.get("after")) == b"2", "what the child wrote is lost"
asyncio.run(store.close())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_parent_and_child_each_have_the_file_open_after_a_fork():
    command = [sys.executable, "-W", "error", "-c", FORK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_store_that_nobody_closed_is_closed_at_the_end():
    program = """
import asyncio
from servey_core import start

store = start(actions=(), given={"state": "sqlite:///state.db"}).state
asyncio.run(store.add("key", b"value", 60))
"""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not os.path.exists("state.db-wal")  # noqa: PTH110 - of the working folder


def test_a_store_that_is_forgotten_is_closed(workplace):
    async def scenario():
        store = SqliteStore(workplace.folder / "state.db")
        await store.add("key", b"value", LONG)

    asyncio.run(scenario())
    until(lambda: not (workplace.folder / "state.db-wal").exists())


GARBAGE_IN_BETWEEN = """
import asyncio, faulthandler, gc
from servey_core.state.resident import Residence

class Resource:
    def close(self): pass
    def touch(self): pass

async def main():
    for number in range(120):
        gc.disable()
        gc.collect()
        gone = Residence(Resource, "gone")
        await gone.use(Resource.touch)
        gone.itself = gone
        del gone
        gc.set_threshold(gc.get_count()[0] + 60)
        kept = [[] for _ in range(number % 60)]
        gc.enable()
        fresh = Residence(Resource, "fresh")
        await fresh.use(Resource.touch)
        await fresh.close()

faulthandler.dump_traceback_later(30, exit=True)
asyncio.run(main())
"""


def test_garbage_that_is_collected_in_the_midst_of_a_call_does_no_harm():
    command = [sys.executable, "-c", GARBAGE_IN_BETWEEN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_that_ends_takes_nothing_from_those_that_are_still_there(tmp_path):
    """Where a file is opened twice, its locks must hold still: see `private_files`."""
    url = f"sqlite:///{tmp_path}/state.db"
    program = (
        "import asyncio, sys\n"
        "from servey_core.state.sqlite import build_sqlite_store\n"
        "store = build_sqlite_store(sys.argv[1])\n"
        "asyncio.run(store.add('child', b'1', 60))\n"
    )

    async def scenario():
        first, second = opened(url), opened(url)
        await first.add("one", b"1", LONG)
        await second.add("two", b"2", LONG)
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program, url])
        assert done.returncode == 0
        await first.add("three", b"3", LONG)
        third = opened(url)
        found = [await third.get(key) for key in ("one", "two", "child", "three")]
        for store in (first, second, third):
            await store.close()
        return found

    assert asyncio.run(scenario()) == [b"1", b"2", b"1", b"3"]
