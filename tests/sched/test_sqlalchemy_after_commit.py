"""`after_commit` enqueues what the outermost transaction leaves, and nothing else."""

import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

import sqlalchemy
from databases import KINDS, Word, database, empty, sent, start_with, words
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from servey_core import (
    ALLOW_AUTHENTICATED,
    Authorization,
    ConfigurationError,
    InvalidInput,
    Unauthorized,
    Unavailable,
    action,
)
from servey_core.enqueueing import enqueue
from servey_sched.sqlalchemy import after_commit


@action
def note(word: str, times: int = 1) -> str:
    return word * times


@action(access_control=ALLOW_AUTHENTICATED)
async def note_for(word: str, authorization: Authorization | None = None) -> str:
    return f"{word} {authorization}"


@pytest.fixture(scope="module", params=KINDS)
def tables(request, tmp_path_factory):
    with database(request.param, tmp_path_factory.mktemp("database")) as engine:
        yield engine


@pytest.fixture
def engine(tables):
    yield tables
    empty(tables)


@pytest.fixture
def runtime(workplace):
    runtime = start_with(note, note_for)
    yield runtime
    runtime.close_task_queue()


@pytest.fixture
def session(engine, runtime):
    with Session(engine) as session:
        yield session


def test_a_commit_enqueues_in_order_and_in_one_step(session, runtime, monkeypatch):
    puts = []
    put = runtime.task_queue.put
    monkeypatch.setattr(
        runtime.task_queue, "put", lambda orders: [puts.append(len(orders)), put(orders)]
    )
    session.add(Word(text="there"))
    jobs = [after_commit(session, note, word) for word in "abc"]
    assert sent(runtime) == []
    session.commit()
    found = sent(runtime)
    assert words(found) == ["a", "b", "c"]
    assert [one.message_id for one in found] == [job.id for job in jobs]
    assert puts == [3]
    assert session.get(Word, "there")


def test_a_moment_is_that_moment_however_long_the_transaction_takes(session, runtime, monkeypatch):
    puts, moment = [], datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr(
        runtime.task_queue, "put", lambda orders: puts.append((orders, datetime.now(UTC)))
    )
    for word in "ab":
        after_commit.using(at=moment)(session, note, word)
    called = datetime.now(UTC)
    session.commit()
    [(orders, put)] = puts
    [delay] = {order.delay for order in orders}  # so that they go in one step
    assert called <= moment - timedelta(seconds=delay) <= put


def test_it_begins_a_transaction_if_there_is_none(session, runtime):
    after_commit(session, note, "a")
    assert session.in_transaction()
    session.commit()
    assert words(sent(runtime)) == ["a"]


def test_each_commit_enqueues_its_own(session, runtime):
    for word in "ab":
        after_commit(session, note, word)
        session.commit()
        assert words(sent(runtime)) == [word]
    session.add(Word(text="c"))
    session.commit()
    assert sent(runtime) == []


@pytest.mark.parametrize("end", ["rollback", "close", "invalidate"])
def test_what_does_not_commit_enqueues_nothing(session, runtime, end):
    session.add(Word(text="a"))
    session.flush()
    after_commit(session, note, "a")
    getattr(session, end)()
    session.commit()
    after_commit(session, note, "b")
    session.commit()
    assert words(sent(runtime)) == ["b"]


def test_an_exception_in_the_block_of_a_transaction_enqueues_nothing(session, runtime):
    with pytest.raises(ZeroDivisionError), session.begin():  # noqa: PT012
        after_commit(session, note, "a")
        raise ZeroDivisionError
    with session.begin():
        after_commit(session, note, "b")
    assert words(sent(runtime)) == ["b"]


def test_a_commit_that_fails_enqueues_nothing(session, runtime):
    session.add(Word(text="a"))
    session.commit()
    after_commit(session, note, "b")
    session.expunge_all()
    session.add(Word(text="a"))
    with pytest.raises(IntegrityError):
        session.commit()
    session.rollback()
    session.commit()
    assert sent(runtime) == []


def test_a_savepoint_that_is_rolled_back_takes_its_jobs_along(session, runtime):
    after_commit(session, note, "before")
    savepoint = session.begin_nested()
    after_commit(session, note, "in it")
    with session.begin_nested():
        after_commit(session, note, "deeper")
    savepoint.rollback()
    after_commit(session, note, "after")
    session.commit()
    assert words(sent(runtime)) == ["before", "after"]


def test_a_savepoint_that_is_released_leaves_its_jobs_to_what_is_around_it(session, runtime):
    after_commit(session, note, "before")
    with session.begin_nested():
        after_commit(session, note, "in it")
        with session.begin_nested():
            after_commit(session, note, "deeper")
        assert sent(runtime) == []
    after_commit(session, note, "after")
    assert sent(runtime) == []
    session.commit()
    assert words(sent(runtime)) == ["before", "in it", "deeper", "after"]


def test_a_released_savepoint_is_lost_with_its_transaction(session, runtime):
    with session.begin_nested():
        after_commit(session, note, "a")
    session.rollback()
    session.commit()
    assert sent(runtime) == []


def test_a_savepoint_that_is_open_when_the_transaction_commits_is_part_of_it(session, runtime):
    session.begin_nested()
    after_commit(session, note, "a")
    session.begin_nested()
    after_commit(session, note, "b")
    session.get_transaction().commit()
    assert words(sent(runtime)) == ["a", "b"]


def test_a_flush_that_fails_in_a_savepoint_loses_that_alone(session, runtime):
    session.add(Word(text="a"))
    session.flush()
    session.expunge_all()
    after_commit(session, note, "before")
    with pytest.raises(IntegrityError), session.begin_nested():  # noqa: PT012
        after_commit(session, note, "in it")
        session.add(Word(text="a"))
        session.flush()
    session.commit()
    assert words(sent(runtime)) == ["before"]


def test_a_job_that_is_sent_by_what_is_told_of_the_commit(session, runtime):
    event.listen(session, "after_commit", lambda session: after_commit(session, note, "b"))
    after_commit(session, note, "a")
    session.commit()
    after_commit(session, note, "c")
    session.commit()
    assert words(sent(runtime)) == ["a", "b", "c", "b"]


def test_sessions_do_not_disturb_each_other(engine, runtime):
    with Session(engine) as first, Session(engine) as second:
        after_commit(first, note, "first")
        after_commit(second, note, "second")
        second.commit()
        assert words(sent(runtime)) == ["second"]
        first.commit()
        assert words(sent(runtime)) == ["first"]


def test_what_is_wrong_with_a_job_is_known_at_the_call(session, runtime):
    session.add(Word(text="a"))
    with pytest.raises(InvalidInput):
        after_commit(session, note, word=1)
    with pytest.raises(TypeError):
        after_commit(session, note, "a", 1, 2)  # type: ignore[call-arg]
    with pytest.raises(Unauthorized):
        after_commit(session, note_for, "a")
    with pytest.raises(ConfigurationError):
        after_commit(session, len, "a")
    session.commit()
    assert sent(runtime) == []
    assert session.get(Word, "a")


def test_options_are_those_of_enqueue(session, runtime):
    ann = Authorization("ann", frozenset())
    by_key = after_commit.using(idempotency_key="k", priority=-1, max_retries=2)
    jobs = [
        by_key(session, note, "b"),
        after_commit.using(authorization=ann)(session, note_for, "a"),
    ]
    late = after_commit.using(delay=3600)(session, note, "c")
    session.commit()
    [first, second] = sent(runtime)
    assert [first.message_id, second.message_id] == [job.id for job in jobs]
    assert first.options["idempotency_key"] == "k"
    assert (first.options["priority"], first.options["max_retries"]) == (-1, 2)
    assert second.options["authorization"]["subject"] == "ann"
    assert runtime.task_queue.broker.find(late.id).state == "delayed"
    assert by_key.using(priority=0)(session, note, "b").id == jobs[0].id
    assert enqueue.using(idempotency_key="k")(note, "b").id == jobs[0].id


def test_no_connection_is_held_while_the_queue_is_written_to(engine, session, runtime, monkeypatch):
    held = []
    monkeypatch.setattr(runtime.task_queue, "put", lambda _: held.append(engine.pool.checkedout()))
    session.add(Word(text="a"))
    session.flush()
    after_commit(session, note, "a")
    session.commit()
    assert held == [0]


def test_a_queue_that_fails_lets_the_commit_be_and_the_log_names_what_is_lost(
    session, runtime, monkeypatch, caplog
):
    def fail(orders):
        raise Unavailable("The job broker cannot be used just now.")

    session.add(Word(text="a"))
    jobs = [after_commit(session, note, word) for word in "ab"]
    monkeypatch.setattr(runtime.task_queue, "put", fail)
    session.commit()
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert f"lost: note ({jobs[0].id}), note ({jobs[1].id})" in record.getMessage()
    assert isinstance(record.exc_info[1], Unavailable)
    assert session.get(Word, "a")
    monkeypatch.undo()
    after_commit(session, note, "c")
    session.commit()
    assert words(sent(runtime)) == ["c"]


def test_several_applications_each_get_their_own(session, runtime):
    other = start_with(note)
    after_commit.using(runtime=runtime)(session, note, "a")
    after_commit.using(runtime=other)(session, note, "b")
    session.commit()
    assert (words(sent(runtime)), words(sent(other))) == (["a"], ["b"])
    other.close_task_queue()


def test_scoped_sessions(engine, runtime):
    sessions = scoped_session(sessionmaker(engine))
    after_commit(sessions, note, "a")
    sessions.rollback()
    after_commit(sessions, note, "b")
    sessions.commit()
    sessions.remove()
    assert words(sent(runtime)) == ["b"]


def test_a_session_with_the_info_of_another(engine, session, runtime):
    after_commit(session, note, "a")
    with Session(engine, info=session.info) as other:
        after_commit(other, note, "b")
        other.commit()
        assert words(sent(runtime)) == ["b"]
    session.commit()
    assert words(sent(runtime)) == ["a"]


def test_a_session_in_a_transaction_of_its_connections(engine, runtime):
    with engine.connect() as connection, connection.begin():
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            session.add(Word(text="a"))
            after_commit(session, note, "a")
            session.commit()
        assert words(sent(runtime)) == ["a"]


@pytest.mark.parametrize("missing", ["sqlalchemy", "greenlet"])
def test_without_sqlalchemy_the_import_says_what_to_install(tmp_path, missing):
    if missing == "greenlet" and sqlalchemy.__version__ < "2.1":
        pytest.skip("the import does without greenlet")
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError(name={missing!r})")
    ended = subprocess.run(
        [sys.executable, "-c", "import servey_sched.sqlalchemy"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.stderr.rstrip().endswith("pip install 'servey-sched[sqlalchemy]'")
