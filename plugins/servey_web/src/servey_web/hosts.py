"""Which names the service answers to: the guard against DNS rebinding and Host poisoning."""

import ipaddress
import re
from collections.abc import Iterable

from servey_core.settings import CoreSettings
from servey_web.settings import WebSettings

LOOPBACK_HOSTS = ("localhost", "*.localhost", "127.0.0.1", "[::1]")

_AUTHORITY = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
_MEMORY = 256


class TrustedHosts:
    """The names that the service answers to.

    Args:
        names: Host names; `*.example.com` stands for every name below `example.com`, `*` for all.
        addresses: Whether any literal IP address will do. A browser that was lured by a rebound
            DNS name sends that name, never an address, so addresses are safe.

    Attributes:
        known: `Host` values, ports included, that were found good before.
    """

    def __init__(self, names: Iterable[str], *, addresses: bool = False) -> None:
        lowered = [name.lower().encode("ascii") for name in names]
        self._all = b"*" in lowered
        self._exact = frozenset(name for name in lowered if not name.startswith(b"*"))
        self._suffixes = tuple(name[1:] for name in lowered if name.startswith(b"*"))
        self._addresses = addresses
        self.known: set[bytes] = set()

    def admits(self, authority: bytes | None) -> bool:
        """Whether a `Host` value, with or without a port, names this service."""
        if authority in self.known:
            return True
        if authority is None:
            return self._all
        if not self._names_us(authority.lower()):
            return False
        if len(self.known) < _MEMORY:
            self.known.add(authority)
        return True

    def _names_us(self, authority: bytes) -> bool:
        match = _AUTHORITY.fullmatch(authority)
        if match is None:
            return False
        name = match[1].rstrip(b".")
        if self._all or name in self._exact or name.endswith(self._suffixes):
            return True
        return self._addresses and _is_address(name)


def trusted_hosts(core: CoreSettings, settings: WebSettings) -> TrustedHosts:
    """The names that the settings say, or what the environment makes of their absence."""
    if settings.allowed_hosts:
        return TrustedHosts(settings.allowed_hosts)
    if not core.development:
        return TrustedHosts("*")
    own = f"[{core.host}]" if ":" in core.host.strip("[]") else core.host
    return TrustedHosts((*LOOPBACK_HOSTS, own), addresses=not core.on_loopback)


def _is_address(name: bytes) -> bool:
    try:
        ipaddress.ip_address(name.strip(b"[]").decode("ascii"))
    except ValueError:
        return False
    return True
