"""`servey serve --reload`: one child process, started anew when a file of the project changes."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from servey_core.children import Children
from servey_core.errors import ConfigurationError
from servey_core.stopping import Stopper, ends_before

if TYPE_CHECKING:
    from watchfiles import BaseFilter

TEMPLATES = (".html", ".j2", ".jinja", ".jinja2", ".toml")
"""The files whose change starts the child anew, beside Python's."""

_PARENT_SECONDS = 3.0
"""How much longer than the child's grace time its parent may take."""

_log = logging.getLogger("servey.reload")


def serve_reloading(children: Children, folders: Iterable[Path], *, grace_seconds: float) -> int:
    """Serve in a child process, and start it anew at every change, until a signal stops it.

    Args:
        children: What starts and ends the child.
        folders: What to watch, with everything below.
        grace_seconds: How long the child may take to stop.

    Returns:
        The exit status.

    Raises:
        ConfigurationError: watchfiles is not installed.
    """
    files = python_and_templates()
    stopper = Stopper(grace_seconds + _PARENT_SECONDS, cut=children.kill)

    async def main(stop: asyncio.Event) -> int:
        await reload(children, folders, files, stop)
        return 0

    return stopper.run(main)


async def reload(
    children: Children, folders: Iterable[Path], files: "BaseFilter", stop: asyncio.Event
) -> None:
    """Start a child anew at every change from its first start on, until the stop.

    Args:
        children: What starts and ends the child.
        folders: What to watch.
        files: Which files count.
        stop: Is set when it should end.
    """
    from watchfiles import awatch

    async with aclosing(awatch(*folders, watch_filter=files)) as changes:
        while True:
            changed = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0)  # now they are watched, before the child reads any of them
            child = await children.start()
            reporting = asyncio.ensure_future(_report_end(child))
            goes_on = await ends_before(changed, stop)
            reporting.cancel()
            await children.stop(child)
            if not goes_on:
                return
            names = sorted({Path(path).name for _, path in changed.result()})
            _log.info("Changed: %s. Starting anew.", ", ".join(names))


def python_and_templates() -> "BaseFilter":
    """Which files count: Python, templates and settings, outside of caches and environments.

    Raises:
        ConfigurationError: watchfiles is not installed.
    """
    try:
        from watchfiles import PythonFilter
    except ImportError:
        raise ConfigurationError(
            "--reload needs watchfiles, which is not installed: pip install 'servey-core[reload]'"
        ) from None
    return PythonFilter(extra_extensions=TEMPLATES)


async def _report_end(child: asyncio.subprocess.Process) -> None:
    """Say that the child ended by itself: it cannot start, or it crashed, and has said why."""
    status = await child.wait()
    _log.warning("It ended with status %d, and starts again after the next change.", status)
