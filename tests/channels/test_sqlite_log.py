"""The log in an SQLite file keeps what every log promises."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest
from log_contract import SharedLogContract
from log_nodes import HISTORY, Follower, asked, put
from waiting import until

from servey_channels.logs import sqlite_file, sqlite_table
from servey_channels.logs.sqlite import sqlite_log
from servey_core import History, Position, SettingsError, Unavailable


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.db"


def remove(path):
    """Remove a file of events: its name last, as who misses that makes another of all of them."""
    for file in sorted(path.parent.glob(f"{path.name}*"), reverse=True):
        file.unlink()


def named(path, target):
    """Let a name be that of something else, at once: who finds nothing there makes a file."""
    link = path.with_name("link")
    link.symlink_to(target)
    link.replace(path)


class TestSqliteLog(SharedLogContract):
    @pytest.fixture
    def recipe(self, path):
        url = f"sqlite:///{path}"
        return f"""
from servey_channels.logs.sqlite import sqlite_log
log = sqlite_log("SERVEY_CHANNELS_URL", {url!r})
"""

    def test_the_file_is_for_its_owner_alone(self, log, path):
        put(log, 1)
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_file_that_is_removed_begins_anew_for_everybody(self, make, path):
        writing, following = make(), make()
        before = [put(writing, number) for number in range(5)][-1]
        with Follower(following).running() as follower:
            put(writing, "seen")
            until(lambda: len(follower.entries) == 1)
            remove(path)
            after = put(writing, "anew")
            assert (after.offset, after.epoch != before.epoch) == (1, True)
            until(lambda: len(follower.entries) == 2)
            put(make(), "by another")
            until(lambda: len(follower.entries) == 3)
        assert [epoch for epoch, _ in follower.entries] == [before.epoch, after.epoch, after.epoch]
        assert follower.offsets() == [6, 1, 2]
        assert not asked(writing, lambda log: log.since("a", before, HISTORY)).recovered

    def test_a_boot_of_the_machine_begins_another_epoch(self, make, monkeypatch, path):
        before = put(make(), 1)
        boot = path.with_name("boot")
        boot.write_text("another boot\n")
        monkeypatch.setattr(sqlite_file, "_BOOT", boot)
        log = make()
        after = put(log, 2)
        assert (after.offset, after.epoch != before.epoch) == (2, True)
        assert not asked(log, lambda log: log.since("a", before, HISTORY)).recovered
        assert put(make(), 3) == Position(after.epoch, 3)

    def test_a_file_that_stays_locked_is_unavailable_in_time(self, log, path, monkeypatch):
        monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.5)
        monkeypatch.setattr("servey_channels.logs.sqlite.BUSY_SECONDS", 0.5)
        errors = []

        def append() -> None:
            try:
                put(log, "while locked")
            except Unavailable as error:
                errors.append(error)

        with Follower(log).running() as follower, closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            threads = [threading.Thread(target=append) for _ in range(10)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert time.monotonic() - begun < 4
            assert len(errors) == 10
            other.execute("ROLLBACK")
            put(log, "afterwards")
            until(lambda: follower.entries)
        assert follower.offsets() == [1]

    def test_an_outage_is_told_and_what_came_meanwhile_is_caught_up_on(self, log, path, caplog):
        file, folder = path.with_name("file.db"), path.with_name("folder")
        file.touch()
        folder.mkdir()
        named(path, file)
        with Follower(log).running() as follower:
            put(log, 1)
            until(lambda: follower.entries)
            named(path, folder)
            until(lambda: follower.health[-1:] == [False])
            with pytest.raises(Unavailable):
                put(log, 2)
            named(path, file)
            until(lambda: follower.health[-1:] == [True])
            put(log, 3)
            until(lambda: len(follower.entries) == 2)
        assert follower.offsets() == [1, 2]
        said = [one for one in caplog.records if "cannot be used" in one.message]
        assert 1 <= len(said) <= 4  # by each that uses it, once

    def test_what_is_too_old_is_forgotten(self, log, path, monkeypatch):
        monkeypatch.setattr(sqlite_table, "LEAST_SECONDS", 0.0)
        history = History(10, 300)
        for number in range(50):
            put(log, number, history=history)
        put(log, "kept", "b", history=history)
        with closing(sqlite3.connect(path)) as other:
            query = "SELECT channel, count(*) FROM servey_events GROUP BY channel ORDER BY channel"
            assert other.execute(query).fetchall() == [("a", 10), ("b", 1)]

    def test_events_are_kept_for_a_while_so_that_others_hear_of_them(self, log, path):
        for number in range(50):
            put(log, number, history=History(0, 0))
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT count(*) FROM servey_events").fetchone() == (50,)

    def test_many_events_are_appended_in_a_second(self, log, request):
        begun = time.monotonic()
        for number in range(1000):
            put(log, number)
        rate = 1000 / (time.monotonic() - begun)
        request.node.user_properties.append(("appends_per_second", rate))
        assert rate > 300


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:", "sqlite:///no/such/x.db"])
def test_a_url_that_names_no_file_is_refused(url):
    with pytest.raises(SettingsError, match="SERVEY_STATE"):
        sqlite_log("SERVEY_STATE", url)
