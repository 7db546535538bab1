"""Under an `AsyncSession`, a commit returns when the queue has the jobs, and blocks nobody."""

import asyncio
import logging
import threading

import pytest
from waiting import PATIENCE

pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

from databases import JobRow, Word, database, empty, sent, start_with, words
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)

from servey_core import Unavailable, action
from servey_sched.sqlalchemy import Outbox, after_commit

outbox = Outbox(JobRow)


@action
def note(word: str) -> str:
    return word


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    with database("postgresql", tmp_path_factory.mktemp("database")) as engine:
        yield engine


@pytest.fixture
def url(tables):
    yield tables.url
    empty(tables)


@pytest.fixture
def runtime(workplace):
    runtime = start_with(note)
    yield runtime
    runtime.close_task_queue()


@pytest.fixture
def run(url):
    """Runs a coroutine function with what makes sessions."""

    def run(main):
        async def opened():
            engine = create_async_engine(url)
            try:
                await main(async_sessionmaker(engine))
            finally:
                await engine.dispose()

        asyncio.run(asyncio.wait_for(opened(), PATIENCE))

    return run


class SlowQueue:
    """A queue that takes jobs when it is let, and may fail then."""

    def __init__(self, runtime, monkeypatch):
        self.begun, self.let = threading.Event(), threading.Event()
        self.error = None
        self._put = runtime.task_queue.put
        monkeypatch.setattr(runtime.task_queue, "put", self.put)

    def put(self, orders):
        self.begun.set()
        assert self.let.wait(PATIENCE)
        if self.error:
            raise self.error
        self._put(orders)


def test_commits_rollbacks_and_savepoints(run, runtime):
    async def main(sessions):
        async with sessions() as session:
            after_commit(session, note, "lost")
            await session.rollback()
            after_commit(session, note, "a")
            async with session.begin_nested():
                after_commit(session, note, "b")
            savepoint = await session.begin_nested()
            after_commit(session, note, "lost")
            await savepoint.rollback()
            session.add(Word(text="there"))
            assert sent(runtime) == []
            await session.commit()
            assert words(sent(runtime)) == ["a", "b"]
            assert await session.get(Word, "there")
            after_commit(session, note, "lost")
        async with sessions.begin() as session:
            await session.run_sync(lambda plain: after_commit(plain, note, "c"))
        assert words(sent(runtime)) == ["c"]

    run(main)


def test_the_event_loop_goes_on_while_a_commit_waits_for_the_queue(run, runtime, monkeypatch):
    queue = SlowQueue(runtime, monkeypatch)

    async def main(sessions):
        async with sessions() as session:
            session.add(Word(text="a"))
            after_commit(session, note, "a")
            committing = asyncio.create_task(session.commit())
            assert await asyncio.to_thread(queue.begun.wait, PATIENCE)
            async with sessions() as other:
                assert await other.get(Word, "a")
            assert not committing.done()
            queue.let.set()
            await committing
            assert words(sent(runtime)) == ["a"]

    run(main)


def test_cancelling_whoever_waits_for_the_commit_loses_nothing(run, runtime, monkeypatch):
    queue = SlowQueue(runtime, monkeypatch)

    async def main(sessions):
        async with sessions() as session:
            after_commit(session, note, "a")
            committing = asyncio.create_task(session.commit())
            assert await asyncio.to_thread(queue.begun.wait, PATIENCE)
            committing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await committing
            queue.let.set()
            while not (found := await asyncio.to_thread(sent, runtime)):
                pass
            assert words(found) == ["a"]
            after_commit(session, note, "b")
            await session.commit()
            assert words(sent(runtime)) == ["b"]

    run(main)


def test_a_queue_that_fails_lets_the_commit_be(run, runtime, monkeypatch, caplog):
    queue = SlowQueue(runtime, monkeypatch)
    queue.error = Unavailable("The job broker cannot be used just now.")
    queue.let.set()

    async def main(sessions):
        async with sessions() as session:
            session.add(Word(text="a"))
            job = after_commit(session, note, "a")
            await session.commit()
            assert await session.get(Word, "a")
            [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
            assert f"lost: note ({job.id})" in record.getMessage()

    run(main)


def test_scoped_sessions(run, runtime):
    async def main(sessions):
        scoped = async_scoped_session(sessions, asyncio.current_task)
        after_commit(scoped, note, "a")
        await scoped.commit()
        await scoped.remove()
        assert words(sent(runtime)) == ["a"]

    run(main)


def test_an_outbox_is_relayed(run, runtime, monkeypatch):
    async def main(sessions):
        async with sessions.begin() as session:
            jobs = [outbox(session, note, word) for word in "ab"]
        async with sessions() as session:
            assert await outbox.arelay(session) == 2
            assert await outbox.arelay(session) == 0
            assert await session.scalar(select(func.count()).select_from(JobRow)) == 0
        found = sent(runtime)
        assert words(found) == ["a", "b"]
        assert [one.message_id for one in found] == [job.id for job in jobs]

    run(main)


def test_the_event_loop_goes_on_while_an_outbox_is_relayed(run, runtime, monkeypatch):
    queue = SlowQueue(runtime, monkeypatch)

    async def main(sessions):
        async with sessions.begin() as session:
            outbox(session, note, "a")
        async with sessions() as session, sessions() as other:
            relaying = asyncio.create_task(outbox.arelay(session))
            assert await asyncio.to_thread(queue.begun.wait, PATIENCE)
            assert await outbox.arelay(other) == 0
            queue.let.set()
            assert await relaying == 1

    run(main)


def test_the_session_of_a_plain_session_is_found(run, runtime):
    async def main(sessions):
        async with sessions() as session:
            assert isinstance(session, AsyncSession)
            after_commit(session.sync_session, note, "a")
            await session.commit()
        assert words(sent(runtime)) == ["a"]

    run(main)
