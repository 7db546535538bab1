"""The trigger, as plain data."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar, Literal, get_args

from servey_core import Trigger

Change = Literal["added", "modified", "deleted"]
"""What can happen to a file."""

CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True)
class FileTrigger(Trigger):
    """Runs an action when a file in a folder changes.

    Attributes:
        folder: The folder, relative to the working folder. Folders in it are not watched.
        pattern: Which names of files count, as in a shell: `*.txt`.
        changes: Which changes count.

    Raises:
        ValueError: The pattern or the changes cannot be used.
    """

    served_by: ClassVar[str] = "servey-filewatch"

    folder: str | Path
    pattern: str = "*"
    changes: tuple[Change, ...] = CHANGES

    def __post_init__(self) -> None:
        if "/" in self.pattern:
            raise ValueError(f"A pattern is for names, not for paths: {self.pattern!r}")
        if not self.changes or not set(self.changes) <= set(CHANGES):
            raise ValueError(f"The changes are some of {CHANGES}, not {self.changes!r}")

    def __str__(self) -> str:
        return f"{Path(self.folder, self.pattern)} {', '.join(self.changes)}"

    def matches(self, change: str, path: Path) -> bool:
        """Whether this trigger is for a file to which `change` has happened."""
        return change in self.changes and fnmatchcase(path.name, self.pattern)
