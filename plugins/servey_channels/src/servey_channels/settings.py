"""The plugin's settings."""

from servey_core import SettingsGroup, setting
from servey_core.settings import SecretUrl, Words


class ChannelSettings(SettingsGroup):
    """Where events go, and how many clients there may be."""

    channels_url: SecretUrl | None = setting(
        None,
        "Where events and their history are: `sqlite:///FILE` for all processes of one machine, "
        "`redis://…` for several, `memory:` for one process. Left out, as SERVEY_STATE.",
    )
    channels_path: str = setting(
        "/subscription", "Where clients connect; below it, each channel has an address of its own."
    )
    channels_origins: Words = setting(
        (),
        "The origins whose pages may connect: `https://app.example.com`, or `*`. The page's own "
        "always may; left out, those of SERVEY_CORS_ORIGINS too.",
    )
    channels_backlog_bytes: int = setting(
        1024 * 1024,
        "How much may wait for a client that is slow to take it, before it is hung up on (1013).",
        ge=1024,
    )
    channels_max_connections: int = setting(
        10_000, "How many clients one process serves at once; more are turned away (1013).", ge=1
    )
    channels_max_per_address: int = setting(
        1000, "How many of them may come from one address.", ge=1
    )
    channels_max_per_subject: int = setting(100, "How many of them may be of one subject.", ge=1)
    channels_max_subscriptions: int = setting(
        100, "How many channels one client may subscribe to.", ge=1
    )
    channels_max_inbound: int = setting(
        100, "How many messages a client may send in a second, on average.", ge=1
    )
    asyncapi_url: str | None = setting(
        None,
        "Where clients reach the application, as the AsyncAPI document says: "
        "`https://api.example.com`. Left out, host and port as they are here.",
        pattern=r"^https?://[^/?#\s]+[^?#\s]*$",
    )
