"""What is unsafe about how an application is set up, in words."""

from collections.abc import Iterator

from servey_core.settings import GENERATED, CoreSettings, Settings


def warnings_about(settings: Settings, *, reload: bool = False) -> Iterator[str]:
    """What whoever starts the application should know.

    Args:
        settings: The settings.
        reload: Whether it starts anew when files change.
    """
    core = settings.core
    if core.development and not core.on_loopback:
        yield _exposed(core)
    if made_up := [value.variable for value in settings if value.origin == GENERATED]:
        yield (
            f"Made up at each start: {', '.join(made_up)}. What depends on it, such as tokens, "
            "is void after a restart; set your own to keep it."
        )
    if reload and not core.development:
        yield "--reload is for development: it drops connections, and runs whatever is saved."


def _exposed(core: CoreSettings) -> str:
    return (
        f"Development mode on {core.host}: everybody who reaches this machine sees the documents "
        "and the reasons of failures. Set SERVEY_ENV=production, or listen on 127.0.0.1."
    )
