"""Tracebacks of a user's own code: without the frames that led there through Servey."""

import traceback
from pathlib import Path

_OWN = str(Path(__file__).parent)
_IMPORTING = ("<frozen importlib", str(Path(traceback.__file__).parent / "importlib"))


def trimmed(error: BaseException) -> str:
    """The traceback of an error as text, with its notes and its causes."""
    report = traceback.TracebackException.from_exception(error)
    _trim(report)
    return "".join(report.format())


def place_of(error: BaseException) -> str:
    """Where an error was raised, as `file:line`; empty where that is not known."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if not _is_machinery(frame.filename)]
    return f"{outside[-1].filename}:{outside[-1].lineno}" if outside else ""


def _trim(report: traceback.TracebackException) -> None:
    kept = [frame for frame in report.stack if not _is_machinery(frame.filename)]
    report.stack = traceback.StackSummary.from_list(kept)
    for inner in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if inner is not None:
            _trim(inner)


def _is_machinery(filename: str) -> bool:
    return filename.startswith((_OWN, *_IMPORTING))
