"""A RabbitMQ for tests: the one that is given, or one of their own."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pika
import pytest
from pika.exceptions import AMQPError
from ports import free_port

PATIENCE = 60.0
"""How long a RabbitMQ may take to start, in seconds; some ten are usual."""

LONGEST_MESSAGE = 1_000_000
"""How many bytes a message may have on a RabbitMQ of a test's own."""

USUAL = "amqp://guest:guest@127.0.0.1:5672/%2F"


def usual_url() -> str:
    """The RabbitMQ that is given, else that of this machine."""
    url = os.environ.get("SERVEY_TEST_RABBITMQ_URL", USUAL)
    if not answers(url):
        missing("no RabbitMQ answers: start one, or name it with SERVEY_TEST_RABBITMQ_URL")
    return url


def missing(reason: str) -> None:
    """Skip a test, or let it fail where all must be tried."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def answers(url: str) -> bool:
    """Whether a RabbitMQ is there that lets us in."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.stack_timeout = 2
    try:
        pika.BlockingConnection(parameters).close()
    except (AMQPError, OSError):
        return False
    return True


def program() -> str:
    """The server's program, below what distributions wrap around it to change the user."""
    usual = shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:/opt/rabbitmq/sbin")
    found = usual or shutil.which("rabbitmq-server")
    if not found:
        missing("there is no rabbitmq-server")
    return str(found)


class OwnRabbitmq:
    """A RabbitMQ on free ports, with all its files in one folder."""

    def __init__(self, folder: Path) -> None:
        port, between_nodes = free_port(), free_port()
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{port}\nmax_message_size = {LONGEST_MESSAGE}\n"
        )
        (folder / "enabled_plugins").write_text("[].\n")
        self._log = folder / "output.log"
        self._command = [program()]
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),  # for the cookie
            "LANG": "C.UTF-8",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(between_nodes),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_NODENAME": f"servey{port}@localhost",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1}"
                # else delayed jobs may come three minutes after a crash
                " -rabbit dead_letter_worker_publisher_confirm_timeout 5000"
            ),
        }
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/%2F"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.begin()
        deadline = time.monotonic() + PATIENCE
        while not answers(self.url):
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "the RabbitMQ does not answer"
            time.sleep(0.1)

    def begin(self) -> None:
        """Start it."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._log.parent,  # where a crash leaves its dump
            )

    def stop(self) -> None:
        """Let it not answer."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again, also what it was asked meanwhile."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, as a crash would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
