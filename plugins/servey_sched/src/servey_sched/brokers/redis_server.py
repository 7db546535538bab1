"""A Redis that scripts run on, over connections that mend themselves."""

import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from dramatiq.errors import BrokerConnectionError, ConnectionClosed
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,  # noqa: A004 - that is its name
    NoScriptError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004
)
from redis.retry import Retry

from servey_core.errors import SettingsError
from servey_core.settings import SecretUrl
from servey_sched.brokers.redis_layout import Script

PAUSE = 0.05
"""How long to wait between two attempts, in seconds."""

_unusable: Callable[[str], BrokerConnectionError] = ConnectionClosed


class RedisServer:
    """Runs scripts; any number of threads may ask at the same time, each on its own connection.

    After a fork, parent and child have connections of their own.

    Args:
        url: Where it is: `redis://`, `rediss://` for TLS, `unix://`.
        prefix: What every key begins with.
        patience: How long a connection and an answer are waited for, each, and for how long lost
            connections are opened again, in seconds.

    Raises:
        SettingsError: The URL does not do.
    """

    def __init__(self, url: str, prefix: str, patience: float) -> None:
        self.prefix = prefix
        self.patience = patience
        self._url = SecretUrl(url)
        try:
            self._pool = ConnectionPool.from_url(
                url,
                socket_timeout=patience,
                socket_connect_timeout=patience,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            )
            self._new_connection()
        except (ValueError, TypeError, RedisError) as error:
            raise SettingsError(
                f"The broker's URL is '{self._url}', which redis-py does not take: {error}. "
                "It may be such as `redis://user:password@host:6379/0`."
            ) from None
        self._forget()

    def run(self, script: Script, *arguments: str | bytes | int, again: bool = True) -> Any:
        """Run a script, where nothing comes between its steps, and give its answer.

        Where the connection is lost, the script is run again on another: then it may run twice.
        It is not run again where the answer does not come in time.

        Args:
            script: The script.
            arguments: Its arguments.
            again: Whether it may run again.

        Raises:
            ConnectionClosed: The server cannot be reached, does not answer in time, or refuses. It
                may have run the script all the same.
        """
        deadline = time.monotonic() + (self.patience if again else 0)
        while True:
            try:
                return self._ask("EVALSHA", script.digest, 1, self.prefix, *arguments)
            except NoScriptError:
                self.command("SCRIPT", "LOAD", script.text)
            except (AuthenticationError, AuthorizationError) as error:
                raise _unusable(f"{self._url} lets nobody in: {error}") from error
            except ConnectionError as error:
                if time.monotonic() >= deadline:
                    raise _unusable(f"{self._url} cannot be reached: {error}") from error
                time.sleep(PAUSE)
            except (TimeoutError, OSError) as error:
                raise _unusable(f"{self._url} does not answer: {error}") from error
            except RedisError as error:
                raise _unusable(f"{self._url} refuses: {error}") from error

    def command(self, *words: str | bytes | float) -> Any:
        """Give the answer to a command.

        Raises:
            ConnectionClosed: The server cannot be reached, does not answer in time, or refuses.
        """
        try:
            return self._ask(*words)
        except (RedisError, OSError) as error:
            raise _unusable(f"{self._url} cannot be used: {error}") from error

    def close(self) -> None:
        """Close the connections that nobody is using."""
        while self._free:
            self._free.pop().disconnect()

    def _ask(self, *words: str | bytes | float) -> Any:
        connection = self._take()
        try:
            connection.send_command(*words)
            answer = connection.read_response()
        except ResponseError:
            self._free.append(connection)
            raise
        except BaseException:  # also what other threads raise in this one: a time limit
            connection.disconnect()
            raise
        self._free.append(connection)
        return answer

    def _take(self) -> Any:
        if self._process != os.getpid():
            self._forget()
        try:
            return self._free.pop()
        except IndexError:
            return self._new_connection()

    def _forget(self) -> None:
        """Begin without connections: those that are there are another process'."""
        self._process = os.getpid()
        self._free: deque[Any] = deque()

    def _new_connection(self) -> Any:
        return self._pool.make_connection()
