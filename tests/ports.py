"""Free ports for servers that must be told theirs before they start."""

import atexit
import socket


def free_port() -> int:
    """A port of 127.0.0.1 that nobody else is given until this process ends.

    It stays bound, and nobody listens on it: a server that reuses addresses, as all do, may.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    atexit.register(held.close)
    return int(held.getsockname()[1])
