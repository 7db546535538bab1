"""What webhooks need beyond the plugin itself: the extra `webhooks`."""

from collections.abc import Iterator
from contextlib import contextmanager

from servey_core import SettingsError


@contextmanager
def extra(what: str) -> Iterator[None]:
    """Import what needs the extra.

    Args:
        what: What it is needed for, with its place.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise SettingsError(
            f"{what} needs what is not installed ({error}): pip install 'servey-channels[webhooks]'"
        ) from error
