"""What every state store promises: classes of tests, for the stores' own modules to subclass.

A subclass has a fixture `url`, which gives a URL for `SERVEY_STATE`; tests use keys that nobody
else has.
"""

import asyncio
import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from waiting import PATIENCE

from servey_core import StateStore, start

LONG = 60.0
SHORT = 0.05


def opened(url: str) -> StateStore:
    """The store that an application has with `SERVEY_STATE=url`."""
    return start(actions=(), given={"state": url}).state


async def until(condition: Callable[[], Awaitable[bool]]) -> bool:
    """Wait for what only the clock brings about."""
    deadline = time.monotonic() + PATIENCE
    while True:
        if await condition():
            return True
        assert time.monotonic() < deadline, "it does not come about"
        await asyncio.sleep(0.005)


async def gone(store: StateStore, key: str) -> bool:
    """Wait for a value to expire."""

    async def absent() -> bool:
        return await store.get(key) is None

    return await until(absent)


class Process:
    """Another process, which uses the store at `url` as it is told, a line for each step."""

    PROGRAM = """
import asyncio, json, os, sys
from servey_core import start

async def main():
    store = start(actions=(), given={"state": sys.argv[1]}).state
    await store.get("nothing")
    print(flush=True)
    for line in sys.stdin:
        method, key, *rest = json.loads(line)
        texts = [one.encode() if isinstance(one, str) else one for one in rest]
        found = await getattr(store, method)(key, *texts)
        print(json.dumps(found.decode() if isinstance(found, bytes) else found), flush=True)
    await store.close()

asyncio.run(main())
"""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._input, self._output = self._process.stdin, self._process.stdout

    def wait_until_ready(self) -> None:
        assert self._output.readline() == "\n"

    def ask(self, *step: Any) -> None:
        self._input.write(json.dumps(step) + "\n")
        self._input.flush()

    def answer(self) -> Any:
        return json.loads(self._output.readline())

    def end(self, number: int | None = None) -> int:
        """Let it end, or send it a signal; the exit status."""
        self._input.close()
        if number is not None:
            self._process.send_signal(number)
        code = self._process.wait(PATIENCE)
        self._output.close()
        return code


class StoreContract:
    """What holds for every store."""

    @pytest.fixture(autouse=True)
    def _empty_folder(self, workplace):
        """No settings but the test's."""

    @pytest.fixture
    def key(self):
        return f"test-{uuid.uuid4()}"

    @pytest.fixture
    def run(self, url):
        """Run a coroutine function with the store in an event loop, and close the store."""

        def run(scenario):
            async def main():
                store = opened(url)
                try:
                    await asyncio.wait_for(scenario(store), PATIENCE)
                finally:
                    await store.close()

            asyncio.run(main())

        return run

    def test_nothing_is_there_at_first(self, run, key):
        async def scenario(store):
            assert await store.get(key) is None

        run(scenario)

    def test_what_is_added_is_there(self, run, key):
        async def scenario(store):
            assert await store.add(key, b"one", LONG) is None
            assert await store.get(key) == b"one"

        run(scenario)

    @pytest.mark.parametrize("value", [b"", bytes(range(256)), b"x" * 1_000_000])
    def test_any_bytes_are_kept_as_they_are(self, run, key, value):
        async def scenario(store):
            assert await store.add(key, value, LONG) is None
            assert await store.get(key) == value
            assert await store.replace(key, value, b"another", LONG)

        run(scenario)

    def test_keys_are_told_apart(self, run, key):
        async def scenario(store):
            await store.add(key, b"one", LONG)
            assert await store.get(key.upper()) is None
            assert await store.add(f"{key} ü:\n", b"two", LONG) is None
            assert (await store.get(key), await store.get(f"{key} ü:\n")) == (b"one", b"two")

        run(scenario)

    def test_adding_what_is_there_gives_it_and_changes_nothing(self, run, key):
        async def scenario(store):
            await store.add(key, b"one", LONG)
            assert await store.add(key, b"two", LONG) == b"one"
            assert await store.get(key) == b"one"

        run(scenario)

    def test_what_has_expired_is_absent(self, run, key):
        async def scenario(store):
            await store.add(key, b"one", SHORT)
            assert await gone(store, key)
            assert not await store.replace(key, b"one", b"two", LONG)
            assert not await store.remove(key, b"one")
            assert await store.add(key, b"three", LONG) is None
            assert await store.get(key) == b"three"

        run(scenario)

    def test_replacing_needs_the_expected_value(self, run, key):
        async def scenario(store):
            assert not await store.replace(key, b"", b"two", LONG)
            await store.add(key, b"one", LONG)
            assert not await store.replace(key, b"other", b"two", LONG)
            assert await store.get(key) == b"one"
            assert await store.replace(key, b"one", b"two", LONG)
            assert await store.get(key) == b"two"

        run(scenario)

    def test_replacing_begins_the_time_anew(self, run, key):
        async def scenario(store):
            other = f"{key}-other"
            await store.add(key, b"one", SHORT)
            await store.add(other, b"one", LONG)
            kept = await store.replace(key, b"one", b"one", LONG)
            assert kept or await store.add(key, b"one", LONG) is None  # on a very slow machine
            assert await store.replace(other, b"one", b"two", SHORT)
            assert await gone(store, other)
            assert await store.get(key) == b"one"

        run(scenario)

    def test_removing_needs_the_expected_value(self, run, key):
        async def scenario(store):
            assert not await store.remove(key, b"one")
            await store.add(key, b"one", LONG)
            assert not await store.remove(key, b"other")
            assert await store.remove(key, b"one")
            assert await store.get(key) is None
            assert not await store.remove(key, b"one")

        run(scenario)

    def test_of_many_that_add_at_once_one_does(self, run, key):
        async def scenario(store):
            texts = [str(number).encode() for number in range(64)]
            found = await asyncio.gather(*(store.add(key, text, LONG) for text in texts))
            assert found.count(None) == 1
            assert set(found) - {None} == {texts[found.index(None)]}

        run(scenario)

    def test_of_many_that_replace_at_once_one_does(self, run, key):
        async def scenario(store):
            await store.add(key, b"one", LONG)
            values = [str(number).encode() for number in range(64)]
            calls = (store.replace(key, b"one", value, LONG) for value in values)
            done = await asyncio.gather(*calls)
            assert done.count(True) == 1
            assert await store.get(key) == values[done.index(True)]

        run(scenario)

    def test_one_store_serves_several_event_loops(self, url, key):
        store = opened(url)

        async def count(number):
            found = await store.add(key, str(number).encode(), LONG)
            await store.close()
            return found

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda number: asyncio.run(count(number)), range(32)))
        assert found.count(None) == 1

    def test_a_closed_store_opens_again(self, run, key):
        async def scenario(store):
            await store.close()
            assert await store.add(key, b"one", LONG) is None
            await store.close()
            await store.close()
            await store.add(key, b"two", LONG)

        run(scenario)


class SharedStoreContract(StoreContract):
    """What holds for every store that several processes share."""

    @pytest.fixture
    def process(self, url):
        """Start another process."""
        started = []

        def begin():
            started.append(Process(url))
            return started[-1]

        yield begin
        for process in started:
            process.end(signal.SIGKILL)

    def test_what_was_added_is_there_after_the_store_was_closed(self, run, key):
        async def first(store):
            await store.add(key, b"one", LONG)

        async def second(store):
            assert await store.get(key) == b"one"

        run(first)
        run(second)

    def test_of_several_processes_that_add_at_once_one_does(self, process, key):
        processes = [process() for _ in range(4)]
        for one in processes:
            one.wait_until_ready()
        for turn in range(25):
            for number, one in enumerate(processes):
                one.ask("add", f"{key}-{turn}", str(number), LONG)
            found = [one.answer() for one in processes]
            assert found.count(None) == 1
            assert set(found) - {None} == {str(found.index(None))}

    def test_what_was_added_outlives_a_process_that_is_killed(self, process, run, key):
        doomed = process()
        doomed.wait_until_ready()
        doomed.ask("add", key, "one", LONG)
        assert doomed.answer() is None
        assert doomed.end(signal.SIGKILL) == -signal.SIGKILL

        async def scenario(store):
            assert await store.get(key) == b"one"
            assert await store.add(key, b"two", LONG) == b"one"

        run(scenario)
