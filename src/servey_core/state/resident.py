"""Something that blocks, used in a thread of its own by any event loop, and never across a fork."""

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from queue import SimpleQueue
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar


class Closeable(Protocol):
    """What can be let go of."""

    def close(self) -> None:
        """Let go of what it holds."""


ResourceT = TypeVar("ResourceT", bound=Closeable)
ResultT = TypeVar("ResultT")
P = ParamSpec("P")

_LOCK = threading.Lock()
"""Held while residents come and go; one for all, because a fork is one for all."""


class Residence(Generic[ResourceT]):
    """Makes a resource when it is first used, and uses it in one thread, one call after the other.

    The resource is closed before the process forks, and made anew in parent and child when they
    need it: an open SQLite database must not be carried into a child.

    Args:
        make: Makes the resource. It may block, and is called again after it failed.
        name: What to call the thread.
    """

    def __init__(self, make: Callable[[], ResourceT], name: str) -> None:
        self._make = make
        self._name = name
        self._resident: _Resident[ResourceT] | None = None
        _residences().add(self)

    async def use(
        self,
        method: Callable[Concatenate[ResourceT, P], ResultT],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> ResultT:
        """Call a method of the resource, and wait for its result.

        Raises:
            Exception: Whatever making the resource or the method raises.
        """
        return await asyncio.wrap_future(self._submit(lambda one: method(one, *args, **kwargs)))

    def use_blocking(
        self,
        method: Callable[Concatenate[ResourceT, P], ResultT],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> ResultT:
        """The same for who has no event loop, or may hold it up."""
        return self._submit(lambda one: method(one, *args, **kwargs)).result()

    def _submit(self, call: Callable[[ResourceT], ResultT]) -> "Future[ResultT]":
        with _LOCK:
            if self._resident is None:
                self._resident = _Resident(self._make, self._name)
                weakref.finalize(self, self._resident.end)
            return self._resident.submit(call)

    async def close(self) -> None:
        """Close the resource, once what is under way has ended."""
        with _LOCK:
            resident, self._resident = self._resident, None
        if resident is not None:
            await asyncio.wrap_future(resident.end())

    def close_now(self) -> None:
        """Close the resource, and wait for it; the lock is held."""
        resident, self._resident = self._resident, None
        if resident is not None:
            resident.end()
            resident.join()


class _Resident(Generic[ResourceT]):
    """A resource, and the thread that uses it.

    Handing over a job takes no lock that another hand-over may hold: the collection of garbage can
    begin in the midst of one, and end another resident, in the very same thread.
    """

    def __init__(self, make: Callable[[], ResourceT], name: str) -> None:
        self._make = make
        self._resource: ResourceT | None = None
        self._jobs: SimpleQueue[tuple[Callable[[ResourceT], Any] | None, Future[Any]]]
        self._jobs = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[ResourceT], ResultT]) -> "Future[ResultT]":
        future: Future[ResultT] = Future()
        self._jobs.put((call, future))
        return future

    def end(self) -> "Future[None]":
        """Close the resource once what was submitted is done; a second time does nothing."""
        future: Future[None] = Future()
        self._jobs.put((None, future))
        return future

    def join(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            going_on = self._do(*self._jobs.get())

    def _do(self, call: Callable[[ResourceT], Any] | None, future: "Future[Any]") -> bool:
        """Do one job; whether others may follow."""
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(self._close() if call is None else self._call(call))
            except BaseException as error:  # noqa: BLE001 - it is for who waits
                future.set_exception(error)
        elif call is None:
            self._close()
        return call is not None

    def _call(self, call: Callable[[ResourceT], ResultT]) -> ResultT:
        if self._resource is None:
            self._resource = self._make()
        return call(self._resource)

    def _close(self) -> Any:
        resource, self._resource = self._resource, None
        return None if resource is None else resource.close()


@cache
def _residences() -> "weakref.WeakSet[Residence[Any]]":
    """All that there are; they are emptied before the process forks, and at its end."""
    residences: weakref.WeakSet[Residence[Any]] = weakref.WeakSet()

    def empty() -> None:
        for residence in residences:
            residence.close_now()

    def before() -> None:
        _LOCK.acquire()
        empty()

    def at_the_end() -> None:
        with _LOCK:
            empty()

    atexit.register(at_the_end)

    if hasattr(os, "register_at_fork"):  # there is none on Windows, which does not fork
        os.register_at_fork(
            before=before, after_in_parent=_LOCK.release, after_in_child=_LOCK.release
        )
    return residences
