"""The plugin's settings."""

from servey_core import SettingsGroup, setting


class FilewatchSettings(SettingsGroup):
    """The settings of the file watcher."""

    filewatch_debounce_ms: int = setting(
        50, "For how many milliseconds changes of files are gathered, to be reported once.", ge=1
    )
