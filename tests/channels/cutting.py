"""A way to the server that can be cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from waiting import PATIENCE


class Way:
    """A TCP proxy.

    Args:
        target: A port of this machine.

    Attributes:
        open: Whether new connections get through.
    """

    def __init__(self, target: int) -> None:
        self.open = True
        self._target = target
        self._ends: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._begin(self._accept)

    def cut(self) -> None:
        """End every connection that there is, without a word of the protocol above."""
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Carry nothing any more."""
        self.open = False
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE)

    @classmethod
    @contextmanager
    def to(cls, port: int) -> Iterator["Way"]:
        """A way to a port of this machine, for as long as the context is open."""
        way = cls(port)
        try:
            yield way
        finally:
            way.close()

    def _begin(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                if not self.open:
                    here.close()
                    continue
                there = socket.create_connection(("127.0.0.1", self._target))
                self._ends |= {here, there}
                self._begin(self._carry, here, there)
                self._begin(self._carry, there, here)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        self._ends.discard(source)
        source.close()
