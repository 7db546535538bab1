"""The pool of threads: bounded, exact, and never silently starved."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from waiting import PATIENCE

from servey_core import Unavailable
from servey_core.threads import WorkerPool


def _identity(value: Any) -> Any:
    return value


def test_every_job_gets_its_own_result() -> None:
    async def main() -> list[int]:
        pool = WorkerPool(4, 5000)
        jobs = (pool.run(_identity, {"value": number}, "job") for number in range(5000))
        results = await asyncio.gather(*jobs)
        pool.close(5)
        return results

    assert asyncio.run(main()) == list(range(5000))


def test_no_more_threads_than_asked_for() -> None:
    threads: set[str] = set()
    together = threading.Barrier(3)

    def note() -> None:
        threads.add(threading.current_thread().name + str(threading.get_ident()))
        together.wait(PATIENCE)

    async def main() -> None:
        pool = WorkerPool(3, 100)
        await asyncio.gather(*(pool.run(note, {}, "job") for _ in range(30)))
        pool.close(5)

    asyncio.run(main())
    assert len(threads) == 3


def test_sleeping_threads_wake_for_a_burst() -> None:
    together = threading.Barrier(4)

    async def main() -> None:
        pool = WorkerPool(4, 100)
        for _ in range(3):
            jobs = (pool.run(together.wait, {"timeout": 10}, "job") for _ in range(4))
            await asyncio.gather(*jobs)
        pool.close(5)

    asyncio.run(main())


def _fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt("x"), SystemExit(3)])
def test_an_error_reaches_whoever_waits(error: BaseException) -> None:
    async def main() -> None:
        with pytest.raises(type(error)):
            await WorkerPool(1, 1).run(_fail, {"error": error}, "job")

    asyncio.run(main())


def test_stop_iteration_is_an_error_too() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError) as caught:
            await WorkerPool(1, 1).run(_fail, {"error": StopIteration()}, "job")
        assert isinstance(caught.value.__cause__, StopIteration)

    asyncio.run(main())


def _blocking() -> tuple[Callable[[], None], threading.Event, threading.Event]:
    begun, release = threading.Event(), threading.Event()

    def block() -> None:
        begun.set()
        release.wait(PATIENCE)

    return block, begun, release


def test_a_full_pool_refuses() -> None:
    block, _, release = _blocking()

    async def main() -> None:
        pool = WorkerPool(1, 1)
        accepted = [asyncio.ensure_future(pool.run(block, {}, "job")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as caught:
            await pool.run(block, {}, "one too many")
        assert caught.value.headers["Retry-After"]
        release.set()
        await asyncio.gather(*accepted)
        await pool.run(_identity, {"value": 1}, "there is room again")
        pool.close(5)

    asyncio.run(main())


def test_a_job_that_is_cancelled_while_it_waits_never_runs() -> None:
    block, begun, release = _blocking()
    ran: list[str] = []

    def note() -> None:
        ran.append("second")

    async def main() -> None:
        pool = WorkerPool(1, 10)
        first = asyncio.ensure_future(pool.run(block, {}, "first"))
        await asyncio.to_thread(begun.wait, 10)
        second = asyncio.ensure_future(pool.run(note, {}, "second"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        release.set()
        await first
        await pool.run(_identity, {"value": 1}, "after them")
        pool.close(5)

    asyncio.run(main())
    assert ran == []


def test_a_pool_that_is_stuck_for_good_says_so(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    async def give_up(pool: WorkerPool, label: str) -> None:
        begun = threading.Event()

        def block() -> None:
            begun.set()
            release.wait(PATIENCE)

        job = asyncio.ensure_future(pool.run(block, {}, label))
        await asyncio.to_thread(begun.wait, 10)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)

    async def main() -> None:
        pool = WorkerPool(1, 10)
        await give_up(pool, "first")
        await give_up(pool, "second")
        assert sorted(pool.stuck) == ["first", "second"]
        release.set()
        pool.close(5)
        assert pool.stuck == {}

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    assert [r.levelname for r in caplog.records if "it shrinks" in r.getMessage()] == ["ERROR"]


def test_a_pool_serves_one_loop_after_another() -> None:
    pool = WorkerPool(2, 10)
    for number in range(3):
        assert asyncio.run(pool.run(_identity, {"value": number}, "job")) == number
    pool.close(5)
