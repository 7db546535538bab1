"""The settings of webhooks."""

from servey_core import SettingsGroup, setting
from servey_core.settings import Words


class WebhookSettings(SettingsGroup):
    """How events are sent to other services."""

    webhook_private_networks: Words = setting(
        (),
        "Networks that are not public, and that webhooks may go to all the same: "
        "`127.0.0.0/8,::1/128` in development. Left out, they go to public addresses alone.",
    )
    webhook_timeout: float = setting(
        15.0, "How long a delivery may take in all, in seconds.", gt=0, le=300
    )
    webhook_connect_timeout: float = setting(
        5.0, "How long it may take to connect to one address, in seconds.", gt=0, le=300
    )
    webhook_concurrency: int = setting(
        5, "How many deliveries one process makes to one URL at once.", ge=1
    )
