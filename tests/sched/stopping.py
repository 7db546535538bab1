"""Processes that stand still, as on a machine that is paused."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from waiting import until


def stop(process: subprocess.Popen[Any], files: Iterable[Path]) -> None:
    """SIGSTOP, at a moment when the process writes to none of some SQLite files.

    One that is stopped in the middle of a write keeps SQLite's lock, and so holds up all others
    until it goes on or dies.
    """
    files = list(files)
    while True:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        if not any(map(_is_locked, files)):
            return
        process.send_signal(signal.SIGCONT)
        until(lambda: not any(map(_is_locked, files)))


def _is_locked(file: Path) -> bool:
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY":
                raise
            return True
        connection.execute("ROLLBACK")
        return False
