"""The folder of the static site, as the settings have it."""

import os
from pathlib import Path

from servey_core import Runtime, SettingsError
from servey_web.belongings import one_of
from servey_web.settings import WebSettings
from servey_web.static_site.store import FileStore

DEFAULT_FOLDER = "static_site"
"""The folder below the working folder that is served where it is there."""


def site_store(runtime: Runtime) -> FileStore | None:
    """The files of an application's static site; None where it has none.

    Raises:
        SettingsError: The folder that the settings name is not there, or cannot be read.
    """
    given = runtime.settings.group(WebSettings).static_site
    folder = Path(DEFAULT_FOLDER) if given is None else given
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        return one_of(runtime, FileStore, lambda: FileStore(folder))
    if given is None:
        return None
    reason = "cannot be read" if folder.is_dir() else "is no folder"
    raise SettingsError(
        f"SERVEY_STATIC_SITE is {str(given)!r}, but {folder.absolute()} {reason}. Name the folder "
        f"whose files are to be served, or leave it out: `{DEFAULT_FOLDER}` in the working folder "
        "is served where it is there."
    )
