"""A call runs once, however often its caller repeats it, and in whichever process."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from state_contract import opened, until
from waiting import PATIENCE

from servey_core import (
    ActionTimeout,
    Authorization,
    BadRequest,
    Conflict,
    FieldError,
    Idempotency,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InternalError,
    NotFound,
    Problem,
    Response,
    StillUnderWay,
    TooManyRequests,
    Unavailable,
)
from servey_core.idempotency import IdempotentCalls
from servey_core.stored_replies import ReplayedProblem, StoredReply

pytestmark = pytest.mark.usefixtures("workplace")

LEASE = 0.5
ARGUMENTS = b'{"amount":5}'


class OutOfStock(Conflict):
    """There is none left."""

    type = "https://example.com/problems/out-of-stock"
    title = "Sold out"


class Till:
    """An action that counts its runs, and waits where a test wants it to."""

    def __init__(self):
        self.runs = 0
        self.running = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.failure = None

    async def __call__(self):
        self.runs += 1
        self.running.set()
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure
        return StoredReply(b"run %d" % self.runs)


@pytest.fixture(params=["memory:", "sqlite:///state.db"], ids=["memory", "sqlite"])
def scenario(request):
    """Run a coroutine function with a store and a till."""

    def run(play):
        async def main():
            store = opened(request.param)
            try:
                await play(store, Till())
            finally:
                await store.close()

        play_out(main)

    return run


def play_out(play):
    asyncio.run(asyncio.wait_for(play(), PATIENCE))


def calls_of(store, action="pay", *, rule=None, **options):
    return IdempotentCalls(store, action, rule or Idempotency(), **options)


async def waiting(calls, till, **given):
    """Begin a call, and wait until it runs."""
    till.may_end.clear()
    call = asyncio.ensure_future(
        calls.run(given.get("key", "one"), "ann", given.get("arguments", ARGUMENTS), till)
    )
    await till.running.wait()
    return call


async def run_when_free(calls, till, key="one"):
    """Try until the key is free; how long that took."""
    began = time.monotonic()
    while True:
        try:
            reply, replayed = await calls.run(key, "ann", ARGUMENTS, till)
        except StillUnderWay:
            await asyncio.sleep(0.005)
        else:
            assert not replayed
            return reply, time.monotonic() - began


@pytest.mark.parametrize("session", ["token", Authorization("ann", expires_at=None)])
def test_a_session_is_not_kept_for_a_repeat(session):
    kept = StoredReply(b"5", Response(201, session=session)).to_bytes()
    assert StoredReply.from_bytes(kept) == StoredReply(b"5", Response(201))
    assert b"token" not in kept
    assert b"ann" not in kept


def test_a_repeated_call_is_not_run_again(scenario):
    async def play(store, till):
        calls = calls_of(store)
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), False)
        for _ in range(3):
            assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), True)

    scenario(play)


@pytest.mark.parametrize(
    "reply",
    [
        StoredReply(b"null"),
        StoredReply(b""),
        StoredReply(bytes(range(256)) * 4000),
        StoredReply(b"5", Response(201, {"Location": "/é\n"}, ["a=1; Secure", "b=2"])),
    ],
    ids=["null", "nothing", "a megabyte", "with a response"],
)
def test_a_repeat_gets_the_whole_reply(scenario, reply):
    async def play(store, till):
        async def give():
            return reply

        assert await calls_of(store).run("one", "ann", ARGUMENTS, give) == (reply, False)
        assert await calls_of(store).run("one", "ann", ARGUMENTS, till) == (reply, True)

    scenario(play)


def test_of_many_calls_at_once_one_runs(scenario):
    async def play(store, till):
        calls = calls_of(store)
        tries = (calls.run("one", "ann", ARGUMENTS, till) for _ in range(64))
        found = await asyncio.gather(*tries, return_exceptions=True)
        assert till.runs == 1
        assert found.count((StoredReply(b"run 1"), False)) == 1
        others = [one for one in found if one != (StoredReply(b"run 1"), False)]
        assert all(
            one == (StoredReply(b"run 1"), True) or isinstance(one, StillUnderWay) for one in others
        )

    scenario(play)


def test_a_repeat_is_told_to_wait_while_the_first_is_under_way(scenario):
    async def play(store, till):
        calls = calls_of(store)
        first = await waiting(calls, till)
        with pytest.raises(StillUnderWay) as caught:
            await calls.run("one", "ann", ARGUMENTS, till)
        assert (caught.value.status, caught.value.headers) == (409, {"Retry-After": "1"})
        till.may_end.set()
        assert await first == (StoredReply(b"run 1"), False)
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), True)

    scenario(play)


def test_keys_belong_to_one_caller_of_one_action(scenario):
    async def play(store, till):
        calls = calls_of(store)
        await calls.run("one", "ann", ARGUMENTS, till)
        for action, caller, key in [
            ("pay", "ben", "one"),
            ("pay", "", "one"),
            ("pay", "ann", "two"),
            ("buy", "ann", "one"),
            ("pay", 'ann", "one', "one"),
            ("pay", "ann", 'one", "one'),
        ]:
            _, replayed = await calls_of(store, action).run(key, caller, ARGUMENTS, till)
            assert not replayed

    scenario(play)


@pytest.mark.parametrize("ended", [True, False])
def test_a_key_with_other_arguments_is_refused(scenario, ended):
    async def play(store, till):
        calls = calls_of(store)
        first = await waiting(calls, till)
        if ended:
            till.may_end.set()
            await first
        with pytest.raises(IdempotencyKeyReused) as caught:
            await calls.run("one", "ann", b'{"amount":6}', till)
        assert caught.value.status == 422
        till.may_end.set()
        assert await first == (StoredReply(b"run 1"), False)
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), True)

    scenario(play)


def test_without_a_key_every_call_runs(scenario):
    async def play(store, till):
        calls = calls_of(store)
        for number in (b"1", b"2"):
            reply = await calls.run(None, "ann", ARGUMENTS, till)
            assert reply == (StoredReply(b"run " + number), False)

    scenario(play)


def test_without_a_key_that_is_required_nothing_runs(scenario):
    async def play(store, till):
        calls = calls_of(store, rule=Idempotency(required=True))
        with pytest.raises(IdempotencyKeyMissing) as caught:
            await calls.run(None, "ann", ARGUMENTS, till)
        assert (caught.value.status, till.runs) == (400, 0)

    scenario(play)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\tb", "\x7f", "ü", "\x00", "\udcff"])
def test_what_cannot_be_a_key_is_refused(key):
    async def play():
        till = Till()
        with pytest.raises(BadRequest, match="1 to 255 printable ASCII characters"):
            await calls_of(opened("memory:")).run(key, "ann", ARGUMENTS, till)
        assert till.runs == 0

    play_out(play)


@pytest.mark.parametrize("key", ["x", "x" * 255, " ~", '8e03978e-40d5-43e8-bc93-6894a57f9324"'])
def test_what_can_be_a_key_is_accepted(scenario, key):
    async def play(store, till):
        calls = calls_of(store)
        await calls.run(key, "ann", ARGUMENTS, till)
        assert await calls.run(key, "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), True)

    scenario(play)


def test_a_problem_is_replayed_as_it_was(scenario):
    async def play(store, till):
        calls = calls_of(store)
        till.failure = OutOfStock(
            "There is no cake left.",
            errors=[FieldError("#/item", "Sold out.", "sold_out")],
            headers={"X-Back": "Monday"},
            back_in_days=3,
        )
        with pytest.raises(OutOfStock):
            await calls.run("one", "ann", ARGUMENTS, till)
        till.failure = None
        for _ in range(2):
            with pytest.raises(ReplayedProblem) as caught:
                await calls.run("one", "ann", ARGUMENTS, till)
            shown = Problem.of(caught.value)
            assert shown.to_dict() == {
                "type": "https://example.com/problems/out-of-stock",
                "title": "Sold out",
                "status": 409,
                "detail": "There is no cake left.",
                "errors": [{"pointer": "#/item", "detail": "Sold out.", "type": "sold_out"}],
                "back_in_days": 3,
            }
            assert shown.headers == {"X-Back": "Monday"}
        assert till.runs == 1

    scenario(play)


@pytest.mark.parametrize(
    "error", [NotFound("Nowhere."), Unavailable(retry_after=7), StillUnderWay(), OutOfStock()]
)
def test_a_replayed_problem_is_caught_as_what_it_was(error):
    replayed = ReplayedProblem.of(Problem.of(error))
    assert isinstance(replayed, type(error))
    assert Problem.of(replayed).to_dict() == Problem.of(error).to_dict()
    assert replayed.headers == error.headers


def test_a_replayed_problem_of_another_process_shows_as_it_was_there():
    problem = Problem("urn:elsewhere", "Elsewhere", 404, "Not here.")
    replayed = ReplayedProblem.of(problem)
    assert (replayed.type, replayed.status) == ("urn:elsewhere", 404)
    assert not isinstance(replayed, NotFound)


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("the disk is full"),
        InternalError(),
        Unavailable(),
        TooManyRequests(),
        ActionTimeout(),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_after_a_failure_that_may_pass_a_repeat_runs_again(scenario, failure):
    async def play(store, till):
        calls = calls_of(store)
        till.failure = failure
        with pytest.raises(type(failure)) as caught:
            await calls.run("one", "ann", ARGUMENTS, till)
        assert caught.value is failure
        till.failure = None
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 2"), False)

    scenario(play)


def test_after_a_call_was_cancelled_a_repeat_runs_again(scenario):
    async def play(store, till):
        calls = calls_of(store)
        first = await waiting(calls, till)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        till.may_end.set()
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 2"), False)

    scenario(play)


def test_a_call_that_is_cancelled_before_it_runs_leaves_its_key(scenario):
    async def play(store, till):
        calls = calls_of(store)
        first = asyncio.ensure_future(calls.run("one", "ann", ARGUMENTS, till))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        reply, _ = await calls.run("one", "ann", ARGUMENTS, till)
        assert reply == StoredReply(b"run 1")

    scenario(play)


@pytest.mark.parametrize("failure", [ActionTimeout(), None], ids=["timed out", "cancelled"])
def test_a_function_that_lingers_keeps_its_key_until_the_lease_ends(scenario, failure):
    async def play(store, till):
        calls = calls_of(store, lingers=True, lease=4 * LEASE)
        first = await waiting(calls, till)
        till.failure = failure
        if failure:
            till.may_end.set()
        else:
            first.cancel()
        await asyncio.wait([first])
        till.failure = None
        till.may_end.set()
        with pytest.raises(StillUnderWay):
            await calls.run("one", "ann", ARGUMENTS, till)
        reply, _ = await run_when_free(calls, till)
        assert reply == StoredReply(b"run 2")

    scenario(play)


def test_the_lease_is_renewed_while_the_call_runs(scenario):
    async def play(store, till):
        lease = 4 * LEASE  # a busy machine may be late with a renewal, but not by that much
        calls = calls_of(store, lease=lease)
        first = await waiting(calls, till)
        end = time.monotonic() + 1.5 * lease
        while time.monotonic() < end:
            with pytest.raises(StillUnderWay):
                await calls.run("one", "ann", ARGUMENTS, till)
            await asyncio.sleep(LEASE / 20)
        till.may_end.set()
        assert await first == (StoredReply(b"run 1"), False)

    scenario(play)


def test_a_reply_outlives_the_lease_and_ends_with_its_time(scenario):
    async def play(store, till):
        calls = calls_of(store, rule=Idempotency(timedelta(seconds=3 * LEASE)), lease=LEASE)
        began = time.monotonic()
        await calls.run("one", "ann", ARGUMENTS, till)

        async def run_again():
            await calls.run("one", "ann", ARGUMENTS, till)
            return till.runs == 2

        assert await until(run_again)
        assert time.monotonic() - began > 2 * LEASE

    scenario(play)


def test_a_call_that_held_up_the_event_loop_still_stores_its_reply(scenario):
    async def play(store, till):
        async def block():
            time.sleep(2 * LEASE)  # noqa: ASYNC251 - as an action may
            return StoredReply(b"blocked")

        calls = calls_of(store, lease=LEASE)
        assert await calls.run("one", "ann", ARGUMENTS, block) == (StoredReply(b"blocked"), False)
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"blocked"), True)

    scenario(play)


def test_a_call_that_lost_its_key_gives_its_reply_and_stores_none(caplog):
    async def play():
        store, till = opened("memory:"), Till()

        async def lose():
            time.sleep(2 * LEASE)  # noqa: ASYNC251 - this process was suspended
            assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), False)
            return StoredReply(b"late")

        calls = calls_of(store, lease=LEASE)
        assert await calls.run("one", "ann", ARGUMENTS, lose) == (StoredReply(b"late"), False)
        assert await calls.run("one", "ann", ARGUMENTS, till) == (StoredReply(b"run 1"), True)

    play_out(play)
    assert "was lost to a repeat, and may have run twice" in caplog.text


class Locked:
    """Keeps the file of the state locked, so that the store is not to be used."""

    def __enter__(self):
        self._other = sqlite3.connect("state.db", isolation_level=None)
        self._other.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_):
        self._other.execute("COMMIT")
        self._other.close()


def test_where_the_store_cannot_be_used_nothing_runs(monkeypatch):
    monkeypatch.setattr("servey_core.state.sqlite.BUSY_SECONDS", 0.05)

    async def play():
        store, till = opened("sqlite:///state.db"), Till()
        await store.get("key")
        with Locked(), pytest.raises(Unavailable):
            await calls_of(store).run("one", "ann", ARGUMENTS, till)
        assert till.runs == 0
        assert await calls_of(store).run("one", "ann", ARGUMENTS, till)
        await store.close()

    play_out(play)


@pytest.mark.parametrize("failure", [None, NotFound("gone"), RuntimeError("broken")])
def test_a_reply_that_cannot_be_stored_is_given_nevertheless(monkeypatch, caplog, failure):
    monkeypatch.setattr("servey_core.state.sqlite.BUSY_SECONDS", 0.05)

    async def play():
        store, till = opened("sqlite:///state.db"), Till()
        calls = calls_of(store, lease=LEASE)
        first = await waiting(calls, till)
        till.failure = failure
        with Locked():
            till.may_end.set()
            await asyncio.wait([first])
        assert first.exception() is failure
        if failure is None:
            assert first.result() == (StoredReply(b"run 1"), False)
        till.failure = None
        reply, _ = await run_when_free(calls, till)
        assert reply == StoredReply(b"run 2")
        await store.close()

    play_out(play)
    unforeseen = isinstance(failure, RuntimeError)
    assert ("stays taken for up to 0.5 s" if unforeseen else "is not kept") in caplog.text


def test_a_renewal_that_fails_is_tried_again(monkeypatch):
    monkeypatch.setattr("servey_core.state.sqlite.BUSY_SECONDS", 0.01)

    async def play():
        store, till = opened("sqlite:///state.db"), Till()
        lease = 4 * LEASE  # as above
        calls = calls_of(store, lease=lease)
        first = await waiting(calls, till)
        with Locked():
            await asyncio.sleep(lease / 2)  # one renewal falls into this time
        await asyncio.sleep(lease)
        with pytest.raises(StillUnderWay):
            await calls.run("one", "ann", ARGUMENTS, till)
        till.may_end.set()
        await first
        await store.close()

    play_out(play)


def test_a_reply_is_stored_also_where_the_caller_goes_away_meanwhile():
    async def play():
        store, till = opened("sqlite:///state.db"), Till()
        calls = calls_of(store)
        first = await waiting(calls, till)
        with Locked():
            before = asyncio.ensure_future(store.add("other", b"", LEASE))
            till.may_end.set()
            await asyncio.wait([first], timeout=0.1)  # it waits for its turn with the file
            first.cancel()
            await asyncio.wait([first])
            assert first.cancelled()

        async def replayed():
            with suppress(StillUnderWay):
                return await calls.run("one", "ann", ARGUMENTS, till) == (
                    StoredReply(b"run 1"),
                    True,
                )
            return False

        assert await until(replayed)
        await before
        await store.close()

    play_out(play)


PROGRAM = """
import asyncio, sys
from pathlib import Path
from servey_core import Idempotency, StillUnderWay, start
from servey_core.idempotency import IdempotentCalls
from servey_core.stored_replies import StoredReply

async def execute():
    with Path("runs").open("a") as runs:
        runs.write(".")
    print("running", flush=True)
    if sys.argv[1] == "hang":
        await asyncio.Event().wait()
    return StoredReply(b"done")

async def main():
    store = start(actions=(), given={"state": "sqlite:///state.db"}).state
    calls = IdempotentCalls(store, "pay", Idempotency(), lease=float(sys.argv[2]))
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            await calls.run(line.strip(), "ann", b'{"amount":5}', execute)
        except StillUnderWay:
            pass
        print("ended", flush=True)
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
def process():
    """Start a process that makes calls, one for each line of its input, which is the key."""
    started = []

    def begin(*arguments):
        one = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        started.append(one)
        assert one.stdout.readline() == "ready\n"
        return one

    yield begin
    for one in started:
        one.kill()
        one.wait(PATIENCE)
        one.stdin.close()
        one.stdout.close()


def test_of_calls_in_several_processes_one_runs(process, workplace):
    processes = [process("end", "30") for _ in range(3)]
    for turn in range(10):
        for one in processes:
            one.stdin.write(f"{turn}\n")
        for one in processes:
            while one.stdout.readline() != "ended\n":
                pass
    assert (workplace.folder / "runs").read_text() == "." * 10


def test_the_key_of_a_process_that_was_killed_is_free_after_the_lease(process):
    lease = 3.0
    doomed = process("hang", str(lease))
    doomed.stdin.write("one\n")
    assert doomed.stdout.readline() == "running\n"
    doomed.send_signal(signal.SIGKILL)
    doomed.wait(PATIENCE)

    async def play():
        store, till = opened("sqlite:///state.db"), Till()
        calls = calls_of(store, lease=lease)
        with pytest.raises(StillUnderWay):
            await calls.run("one", "ann", ARGUMENTS, till)
        reply, waited = await run_when_free(calls, till)
        assert reply == StoredReply(b"run 1")
        assert waited < lease
        await store.close()

    play_out(play)


@pytest.mark.parametrize("ttl", [0, -1, timedelta(0), float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_refused(ttl):
    with pytest.raises(ValueError, match="not"):
        Idempotency(ttl)


def test_a_reply_of_a_newer_servey_is_not_guessed_at():
    newer = json.dumps({"version": 2}).encode() + b"\n"
    with pytest.raises(ValueError, match="update Servey"):
        StoredReply.from_bytes(newer)
