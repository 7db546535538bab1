"""The sockets to listen on, opened before anything is served."""

import errno
import os
import socket
from collections.abc import Sequence

from servey_core.errors import SettingsError

_BACKLOG = 2048
_TRIES = 10
_ELSEWHERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of a host.

    Args:
        host: An address or a name; `localhost` may be both 127.0.0.1 and ::1.
        port: The port, the same for all of them; 0 for one that is free.

    Raises:
        SettingsError: It cannot be done; the message says what to do.
    """
    for _ in range(_TRIES - 1 if port == 0 else 0):
        try:
            return _open_all(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                break
    try:
        return _open_all(host, port)
    except OSError as error:
        raise SettingsError(_explain(host, port, error)) from error


def _open_all(host: str, port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    unusable: OSError | None = None
    for family, address in _addresses(host, port):
        chosen = (address[0], port or (opened[0].getsockname()[1] if opened else 0), *address[2:])
        try:
            opened.append(_open(family, chosen))
        except OSError as error:
            unusable = error
            if error.errno not in _ELSEWHERE:
                _close(opened)
                raise
    if not opened and unusable is not None:
        raise unusable
    return opened


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    found = socket.getaddrinfo(
        host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    unique = {(family, address[:2]): (family, address) for family, _, _, _, address in found}
    return list(unique.values())  # type: ignore[arg-type]


def _open(family: int, address: tuple[str | int, ...]) -> socket.socket:
    # Where the protocol is not named, asyncio leaves Nagle's algorithm on: each response waits.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        opened.listen(_BACKLOG)
        opened.settimeout(0)
    except OSError:
        opened.close()
        raise
    return opened


def _close(opened: Sequence[socket.socket]) -> None:
    for one in opened:
        one.close()


def _explain(host: str, port: int, error: OSError) -> str:
    place = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Cannot listen on {place}: another program does already. Stop it, or choose another "
            "port with --port or SERVEY_PORT (0 takes a free one)."
        )
    if error.errno == errno.EACCES:
        return (
            f"Cannot listen on {place}: it is not allowed to. Choose a port above 1023 with "
            "--port or SERVEY_PORT."
        )
    return (
        f"Cannot listen on {place}: {error.strerror or error}. Give an address of this machine "
        "with --host or SERVEY_HOST."
    )
