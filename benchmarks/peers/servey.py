"""Servey's actions on its own web host, as in production: every protection of it is on."""

import logging
import os
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from peers.contract import (
    BLOCK_SECONDS,
    CASES,
    ITEMS,
    ITEMS_DATA,
    SCOPE,
    SECRET,
    Greeting,
    Item,
    ItemData,
)
from servey_core import (
    Action,
    Runtime,
    ScopeAccessControl,
    WebTrigger,
    action,
    action_of,
    start,
)
from servey_core.logs import configure_logging
from servey_web import create_app

PRODUCTION = {
    "env": "production",
    "jwt_secret_key": SECRET,
    "allowed_hosts": ("127.0.0.1",),
    "hsts_seconds": 31_536_000,
}
"""The settings of an application that stands on the net."""
_ACCESS_LOG = logging.getLogger("servey.access")


def application(case: str, paths: Sequence[str]) -> Any:
    """Async actions; no access log."""
    return create_app(runtime(case, paths))


def logging_application(case: str, paths: Sequence[str]) -> Any:
    """Async actions; each request is logged as JSON, to nowhere."""
    if not _ACCESS_LOG.handlers:
        _log_to_nowhere()
    return create_app(runtime(case, paths, access_log=True))


def sync_application(case: str, paths: Sequence[str]) -> Any:
    """Sync actions, in threads."""
    return create_app(_runtime(paths, _SYNC[case]))


def inline_application(case: str, paths: Sequence[str]) -> Any:
    """Sync actions, on the event loop."""
    return create_app(_runtime(paths, _SYNC[case], sync_to_thread=False))


def runtime(case: str, paths: Sequence[str], *, access_log: bool = False) -> Runtime:
    """An action for each path."""
    guard = {"access_control": ScopeAccessControl(SCOPE)} if CASES[case].guarded else {}
    return _runtime(paths, _ASYNC[case], CASES[case].method, access_log=access_log, **guard)


def _runtime(
    paths: Sequence[str],
    function: Callable[..., Any],
    method: str = "GET",
    *,
    access_log: bool = False,
    **options: Any,
) -> Runtime:
    actions = [
        _action(function, name=f"action_{number}", triggers=WebTrigger(method, path), **options)
        for number, path in enumerate(paths)
    ]
    return start(actions=actions, given={**PRODUCTION, "access_log": access_log})


def _action(function: Callable[..., Any], **options: Any) -> Action:
    made = action_of(action(**options)(function))
    assert made is not None
    return made


def _log_to_nowhere() -> None:
    """Have the access log written as `servey serve` does it, and nothing else of the process."""
    root = logging.getLogger()
    before = root.handlers, root.level, warnings.showwarning
    configure_logging(start(actions=[]).settings.core, open(os.devnull, "w"))  # noqa: SIM115, PTH123
    _ACCESS_LOG.handlers, _ACCESS_LOG.propagate = root.handlers, False
    _ACCESS_LOG.setLevel(logging.INFO)
    root.handlers, root.level, warnings.showwarning = before


async def _greet(name: str, times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


async def _greet_world(times: int) -> Greeting:
    return Greeting(message="Hello World!", times=times)


async def _models() -> list[Item]:
    return ITEMS


async def _dataclasses() -> list[ItemData]:
    return ITEMS_DATA


def _sync_greet(name: str, times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


def _block() -> Greeting:
    time.sleep(BLOCK_SECONDS)
    return Greeting(message="Hello World!", times=3)


_ASYNC = {
    "get": _greet,
    "post": _greet,
    "path": _greet_world,
    "guarded": _greet,
    "models": _models,
    "dataclasses": _dataclasses,
}
_SYNC = {"get": _sync_greet, "blocking": _block}
