"""An outbox moves what has committed to the queue, once each."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

from databases import KINDS, JobRow, Word, database, empty, sent, start_with, words
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from servey_core import (
    ALLOW_AUTHENTICATED,
    Authorization,
    Background,
    InvalidInput,
    QueueFull,
    action,
)
from servey_core.enqueueing import enqueue
from servey_sched.sqlalchemy import Outbox
from servey_sched.sqlalchemy.outbox import BATCH

HOUR = timedelta(hours=1)


@action
def note(word: str) -> str:
    return word


@action(access_control=ALLOW_AUTHENTICATED, background=Background(max_retries=3, priority=5))
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
def outbox():
    return Outbox(JobRow)


@pytest.fixture
def runtime(workplace):
    runtime = start_with(note, note_for)
    yield runtime
    runtime.close_task_queue()


@pytest.fixture
def session(engine, runtime):
    with Session(engine) as session:
        yield session


def rows(session):
    count = session.scalar(select(func.count()).select_from(JobRow))
    session.rollback()
    return count


def test_what_has_committed_is_moved_in_order(session, runtime, outbox):
    session.add(Word(text="there"))
    jobs = [outbox(session, note, word) for word in "ab"]
    with session.begin_nested():
        jobs.append(outbox(session, note, "c"))
    savepoint = session.begin_nested()
    outbox(session, note, "lost")
    savepoint.rollback()
    session.commit()
    outbox(session, note, "lost")
    session.rollback()
    assert sent(runtime) == []
    assert outbox.relay(session) == 3
    found = sent(runtime)
    assert words(found) == ["a", "b", "c"]
    assert [one.message_id for one in found] == [job.id for job in jobs]
    assert [one.options["idempotency_key"] for one in found] == [job.id for job in jobs]
    assert rows(session) == 0
    assert outbox.relay(session) == 0


@pytest.mark.parametrize(
    "options",
    [{"at": datetime(9999, 1, 1, tzinfo=UTC)}, {"priority": 2**70}, {"max_retries": 2**60}],
    ids=str,
)
def test_what_no_queue_could_take_is_refused_and_holds_nobody_up(session, runtime, outbox, options):
    with pytest.raises(ValueError, match=r"delay|priority|max_retries"):
        outbox.using(**options)(session, note, "never")
    outbox(session, note, "after it")
    session.commit()
    assert outbox.relay(session) == 1
    assert words(sent(runtime)) == ["after it"]


def test_a_job_is_as_enqueue_would_send_it(session, runtime, outbox):
    ann = Authorization("ann", frozenset({"read"}), expires_at=datetime.now(UTC) + HOUR)
    options = {"idempotency_key": "k", "keep_result": 60, "authorization": ann}
    outbox.using(**options)(session, note_for, word="ä")
    session.commit()
    outbox.relay(session)
    [moved] = sent(runtime)
    enqueue.using(**options)(note_for, word="ä")
    [straight] = sent(runtime)
    for message in moved, straight:
        message.options.pop("redis_message_id", None)
    assert moved.asdict() | {"message_timestamp": 0} == straight.asdict() | {"message_timestamp": 0}


def test_two_jobs_of_one_key_are_one(session, runtime, outbox):
    jobs = [outbox.using(idempotency_key="k")(session, note, "a") for _ in range(2)]
    session.commit()
    assert outbox.relay(session) == 2
    assert len(sent(runtime)) == 1
    assert jobs[0].id == jobs[1].id


def test_a_delay_counts_from_when_it_was_sent(session, runtime, outbox):
    late = outbox.using(delay=3600)(session, note, "late")
    outbox.using(delay=60)(session, note, "now")
    session.commit()
    session.execute(update(JobRow).values(created=datetime.now(UTC) - HOUR / 2))
    session.commit()
    outbox.relay(session)
    assert words(sent(runtime)) == ["now"]
    assert runtime.task_queue.broker.find(late.id).state == "delayed"


def test_what_is_wrong_with_a_job_is_known_at_the_call(session, runtime, outbox):
    session.add(Word(text="a"))
    with pytest.raises(InvalidInput):
        outbox(session, note, word=1)
    session.commit()
    assert rows(session) == 0
    assert session.get(Word, "a")


def test_more_than_a_batch_is_moved(session, runtime, outbox):
    for number in range(BATCH + 1):
        outbox(session, note, str(number))
    session.commit()
    assert outbox.relay(session) == BATCH + 1
    assert words(sent(runtime)) == [str(number) for number in range(BATCH + 1)]


def test_a_queue_that_is_full_leaves_the_rows(session, runtime, outbox, monkeypatch):
    def fail(orders):
        raise QueueFull("There is no room.")

    job = outbox(session, note, "a")
    session.commit()
    monkeypatch.setattr(runtime.task_queue, "put", fail)
    with pytest.raises(QueueFull):
        outbox.relay(session)
    session.rollback()
    monkeypatch.undo()
    assert outbox.relay(session) == 1
    assert [one.message_id for one in sent(runtime)] == [job.id]


def test_jobs_of_unknown_actions_stay_and_are_told_of_once(session, runtime, outbox, caplog):
    outbox(session, note, "a")
    outbox(session, note, "b")
    session.commit()
    older = start_with(note_for)
    for _ in range(2):
        assert outbox.using(runtime=older).relay(session) == 0
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "2 jobs stay in the table jobs: this application has no action 'note', or reads no "
        "messages of form 1."
    )
    assert outbox.using(runtime=runtime).relay(session) == 2


def test_a_relay_takes_no_rows_that_another_has(tmp_path, runtime, outbox, monkeypatch):
    with database("postgresql", tmp_path) as engine, Session(engine) as session:
        outbox(session, note, "a")
        session.commit()
        put, elsewhere = runtime.task_queue.put, []

        def put_while_another_relays(orders):
            with Session(engine) as another:
                outbox(another, note, "b")
                another.commit()
                monkeypatch.setattr(runtime.task_queue, "put", put)
                elsewhere.append(outbox.relay(another))
            put(orders)

        monkeypatch.setattr(runtime.task_queue, "put", put_while_another_relays)
        assert outbox.relay(session) == 1
        assert elsewhere == [1]
        assert words(sent(runtime)) == ["b", "a"]


def test_relays_that_meet_where_nothing_is_locked_send_a_job_under_one_id(
    tmp_path, runtime, outbox, monkeypatch
):
    with database("sqlite", tmp_path) as engine, Session(engine) as session:
        outbox(session, note, "a")
        session.commit()
        put = runtime.task_queue.put

        def put_while_another_relays(orders):
            monkeypatch.setattr(runtime.task_queue, "put", put)
            with Session(engine) as another:
                assert outbox.relay(another) == 1
            put(orders)

        monkeypatch.setattr(runtime.task_queue, "put", put_while_another_relays)
        assert outbox.relay(session) == 1
        assert len(sent(runtime)) == 1
