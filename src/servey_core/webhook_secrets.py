"""The secrets of webhooks: given as they are, or by the environment variables that hold them."""

import os
from collections.abc import Sequence

from servey_core.errors import SettingsError

PREFIX = "whsec_"
"""What a secret of Standard Webhooks begins with."""


def secrets_of(given: str | Sequence[str], whose: str) -> tuple[str, ...]:
    """Secrets as they were declared, the newest first.

    Args:
        given: One or several: secrets, or names of environment variables.
        whose: What they are for, for the error.

    Raises:
        ValueError: There are none, or one is empty.
    """
    secrets = (given,) if isinstance(given, str) else tuple(given)
    if not secrets or not all(secrets):
        raise ValueError(
            f"{whose} needs a secret: `{PREFIX}…`, or the name of an environment variable that "
            "holds one, or several with spaces between them."
        )
    return secrets


def revealed(secrets: Sequence[str]) -> list[str]:
    """The secrets themselves, the newest first.

    Args:
        secrets: Secrets, and names of environment variables.

    Raises:
        SettingsError: A variable is not set.
    """
    found: list[str] = []
    for secret in secrets:
        if secret.startswith(PREFIX):
            found.append(secret)
        elif held := os.environ.get(secret, "").split():
            found.extend(held)
        else:
            raise SettingsError(
                f"The environment variable {_shown(secret)} should hold the secret of a webhook, "
                f"and is not set. A secret that is no name of a variable begins with {PREFIX}."
            )
    return found


def _shown(name: str) -> str:
    """A name for a message; what cannot be one may be a secret after all."""
    return name if name.isidentifier() and name.isupper() else "that was named (not shown)"
