"""The log that a URL names."""

from servey_channels.logs.base import EventLog
from servey_channels.logs.memory import MemoryLog
from servey_channels.logs.sqlite import sqlite_log
from servey_channels.settings import ChannelSettings
from servey_core import Runtime, SettingsError, WebsocketChannel
from servey_core.settings import SecretUrl


def log_of(runtime: Runtime) -> EventLog:
    """Make the log that the settings name; it opens nothing yet.

    Raises:
        SettingsError: The URL does not do, or what its log needs is not installed.
    """
    given = runtime.settings.group(ChannelSettings).channels_url
    setting = "SERVEY_STATE" if given is None else "SERVEY_CHANNELS_URL"
    url = (given or runtime.settings.core.state).get_secret_value()
    scheme = url.partition(":")[0].lower()
    match scheme:
        case "memory":
            return MemoryLog()
        case "sqlite":
            return sqlite_log(setting, url)
        case "redis" | "rediss":
            return _redis_log(runtime, setting, url)
    raise SettingsError(
        f"{setting} is '{SecretUrl(url)}', where no events can go. It may be "
        "`sqlite:///servey.db`, `memory:`, or `redis://host:6379/0` (pip install "
        "'servey-channels[redis]')."
    )


def _redis_log(runtime: Runtime, setting: str, url: str) -> EventLog:
    try:
        from servey_channels.logs.redis import RedisLog
    except ImportError as error:
        raise SettingsError(
            f"{setting} is '{SecretUrl(url)}', which needs a client that is not installed "
            f"({error}): pip install 'servey-channels[redis]'"
        ) from error
    names = [name for name, one in runtime.channels.items() if isinstance(one, WebsocketChannel)]
    return RedisLog(url, names)
