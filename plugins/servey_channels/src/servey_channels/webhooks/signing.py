"""Signatures of Standard Webhooks, which the package `standardwebhooks` makes."""

import base64
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from servey_core import SettingsError, Unauthorized
from servey_core.webhook_secrets import PREFIX, revealed

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

_SECONDS = re.compile(r"[0-9]{1,11}")
_FEWEST_BYTES = 24
"""The shortest secret that the specification allows to sign with."""

_MOST_SIGNATURES = 20


def signers_of(secrets: Sequence[str], whose: str) -> list[Webhook]:
    """What signs with each of some secrets, the newest first.

    Args:
        secrets: Secrets, and names of environment variables.
        whose: What they are for, for the error.

    Raises:
        SettingsError: A variable is not set, or a secret cannot be one.
    """
    signers = []
    for secret in revealed(secrets):
        try:
            enough = len(base64.b64decode(f"{secret.removeprefix(PREFIX)}==")) >= _FEWEST_BYTES
        except ValueError:
            enough = False
        if not enough:
            raise SettingsError(
                f"A secret of {whose} is not `whsec_` and the base64 of {_FEWEST_BYTES} bytes or "
                "more. This makes one: python -c \"import base64, secrets; print('whsec_' + "
                'base64.b64encode(secrets.token_bytes(32)).decode())"'
            )
        signers.append(Webhook(secret))
    return signers


def signed(signers: Sequence[Webhook], message: str, body: str) -> dict[str, str]:
    """The header fields of a message that is sent now, signed with every secret.

    Args:
        signers: What signs.
        message: Names the message, whichever time it is sent.
        body: The message's body.
    """
    now = datetime.now(UTC)
    return {
        ID: message,
        TIMESTAMP: str(int(now.timestamp())),
        SIGNATURE: " ".join(one.sign(message, now, body) for one in signers),
    }


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], tolerance: float
) -> str:
    """Verify a message; a `WebhookVerifier`.

    Raises:
        Unauthorized: It was not signed with one of the secrets, or not lately.
    """
    message, told, signatures = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message and told and signatures):
        raise Unauthorized(f"A webhook has {ID}, {TIMESTAMP} and {SIGNATURE}.")
    if not _SECONDS.fullmatch(told) or abs(time.time() - int(told)) > tolerance:
        raise Unauthorized("The webhook's timestamp is not of now.")
    given = [one.encode() for one in signatures.split(" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]]
    moment = datetime.fromtimestamp(int(told), UTC)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Unauthorized("The webhook is not in UTF-8.") from None
    known = False
    for secret in secrets:
        expected = Webhook(secret).sign(message, moment, text).encode()
        for one in given:
            known |= hmac.compare_digest(expected, one)
    if not known:
        raise Unauthorized("The webhook's signature is of no secret that is known here.")
    return message
