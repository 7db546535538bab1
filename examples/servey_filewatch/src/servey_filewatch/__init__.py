"""Actions that run when a file in a folder changes."""

from servey_filewatch.triggers import Change, FileTrigger

__all__ = ["Change", "FileTrigger"]
