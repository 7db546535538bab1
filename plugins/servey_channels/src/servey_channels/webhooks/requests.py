"""One request to an endpoint: to public addresses alone, in bounded time, with a bounded answer."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import ip_network
from ssl import SSLContext
from typing import NamedTuple

import httpx
from ssrfguard import Policy, SSRFGuardError
from ssrfguard.httpx import AsyncSafeTransport

from servey_channels.webhooks.endpoints import NoAnswer
from servey_channels.webhooks.settings import WebhookSettings
from servey_core import PermissionDenied, SettingsError

_PORTS = frozenset({80, 443, *range(1024, 65536)})
"""What webhooks may go to: not to the ports of mail servers and their like."""

_MOST_BYTES = 64 * 1024
"""How much of an answer's body is read."""

_BODY_SECONDS = 2.0
"""For how long it is read; the status is known by then."""

_EXCERPT = 200
"""How much of it is told, in characters."""


class Answer(NamedTuple):
    """What an endpoint answered.

    Attributes:
        status: The status.
        retry_after: After how many seconds it wants to be asked again; None where it does not say.
        excerpt: The beginning of the body, for a person.
    """

    status: int
    retry_after: int | None
    excerpt: str


class Requests:
    """Makes requests. Each has a connection of its own, and none is kept.

    They go past httpx's client, which would write whole URLs to its log, follow the proxies of the
    environment and remember cookies.

    Args:
        settings: The settings.

    Raises:
        SettingsError: A network is none.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        try:
            networks = tuple(ip_network(one) for one in settings.webhook_private_networks)
            self._policy = Policy(allowed_ports=_PORTS, allowed_networks=networks)
        except ValueError as error:
            raise SettingsError(f"SERVEY_WEBHOOK_PRIVATE_NETWORKS: {error}") from None
        self._seconds = settings.webhook_timeout
        connect = min(self._seconds, settings.webhook_connect_timeout)
        self._timeouts = httpx.Timeout(self._seconds, connect=connect).as_dict()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a message, and give what is answered; redirects are not followed.

        Raises:
            NoAnswer: Nothing is answered, or not in time.
            PermissionDenied: It would go to where webhooks may not go.
        """
        seconds = self._seconds
        try:
            self._policy.check_url(url)  # as it is written, which the client might read otherwise
            request = httpx.Request("POST", url, content=body, headers=dict(headers))
            request.extensions["timeout"] = self._timeouts
            async with (
                asyncio.timeout(seconds) as limit,
                AsyncSafeTransport(
                    policy=self._policy, verify=self._tls, trust_env=False
                ) as transport,
            ):
                response = await transport.handle_async_request(request)
                response.request = request
                limit.reschedule(asyncio.get_running_loop().time() + 2 * _BODY_SECONDS)
                try:
                    excerpt = await _excerpt(response)
                finally:
                    await response.aclose()
                return Answer(response.status_code, _retry_after(response), excerpt)
        except SSRFGuardError as error:
            raise PermissionDenied(_refusal(error)) from None
        except (httpx.InvalidURL, UnicodeError) as error:  # the latter of a name that is no IDNA
            raise PermissionDenied(f"Its URL is none: {error}") from None
        except (TimeoutError, httpx.TimeoutException):
            raise NoAnswer(f"It has not answered within {seconds:g} s.") from None
        except (httpx.HTTPError, OSError) as error:
            raise NoAnswer(f"It cannot be reached: {type(error).__name__}: {error}") from None

    @cached_property
    def _tls(self) -> SSLContext:
        return httpx.create_ssl_context(trust_env=False)


async def _excerpt(response: httpx.Response) -> str:
    """The beginning of a body; one that does not come is none of our business."""
    read = bytearray()
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in response.aiter_raw():  # not unpacked: a small one may be huge
                read += part[: _MOST_BYTES - len(read)]
                if len(read) >= _MOST_BYTES:
                    break
    text = read[: 4 * _EXCERPT].decode("utf-8", "replace")[:_EXCERPT]
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _retry_after(response: httpx.Response) -> int | None:
    """What `Retry-After` says, in seconds or as a date (RFC 9110, section 10.2.3)."""
    told = response.headers.get("Retry-After", "")
    if told.isascii() and told.isdigit():
        return int(told[:9])
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))


def _refusal(error: SSRFGuardError) -> str:
    reason = getattr(error, "reason", "it is refused")
    port, is_of_ports, _ = reason.partition(" is not in allowed_ports")
    if is_of_ports:  # all of which would follow
        return f"Webhooks do not go to {port}, but to 80, 443, and 1024 and above."
    address = getattr(error, "address", None)
    where = f"{address}: {reason}" if address else f"it: {reason}"
    return (
        f"Webhooks do not go to {where}. Networks that are not public are allowed by "
        "SERVEY_WEBHOOK_PRIVATE_NETWORKS, such as 127.0.0.0/8 in development."
    )
