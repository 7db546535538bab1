"""Counts the words of every text file that is dropped in `inbox/`."""

import json
from pathlib import Path

from servey_core import action
from servey_filewatch import Change, FileTrigger

OUTBOX = Path("outbox")


@action(triggers=FileTrigger("inbox", pattern="*.txt"))
def count_words(path: Path, change: Change) -> None:
    """Write how many words a file has to `outbox/`, and forget those that are deleted."""
    report = OUTBOX / f"{path.stem}.json"
    if change == "deleted":
        report.unlink(missing_ok=True)
        return
    part = report.with_suffix(".part")
    part.write_text(json.dumps({"file": path.name, "words": len(path.read_text().split())}))
    part.replace(report)
