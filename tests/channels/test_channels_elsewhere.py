"""Channels under other servers, where events go as ASGI messages."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest
from chatting import HERE, PATIENCE, SECRET, Server
from ports import free_port
from talk_server import environment

pytestmark = pytest.mark.slow

SERVERS = {
    "uvicorn": "uvicorn --factory servey_web:create_app --port {port}",
    "uvicorn's other": "uvicorn --factory servey_web:create_app --port {port} --ws websockets",
    "granian": "granian --interface asgi --factory servey_web:create_app --port {port}",
    "gunicorn": "gunicorn servey_web:create_app() -k uvicorn_worker.UvicornWorker"
    " -b 127.0.0.1:{port} --no-control-socket",
    "hypercorn": "hypercorn --bind 127.0.0.1:{port} created:app",
}


@contextmanager
def running(command, folder):
    port = free_port()
    module, *arguments = command.format(port=port).split()
    pytest.importorskip(module)
    (folder / "created.py").write_text("from servey_web import create_app\n\napp = create_app()\n")
    log = folder / "server.log"
    variables = environment(ACTION_PATH="chatter", JWT_SECRET_KEY=SECRET)
    variables["PYTHONPATH"] = os.pathsep.join((variables["PYTHONPATH"], str(folder)))
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=HERE,
            env=variables,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            end = time.monotonic() + 2 * PATIENCE
            while True:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                with contextlib.suppress(httpx.TransportError):
                    client.get("/readyz").raise_for_status()
                    break
                time.sleep(0.05)
            yield Server(port, process, client, log)
        process.terminate()
        process.wait(PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("name", SERVERS)
def test_channels_are_the_same_under_another_server(tmp_path, name):
    with (
        running(SERVERS[name], tmp_path) as server,
        server.connected("/news") as client,
        server.as_("ann") as ann,
    ):
        here = client.hear("subscribed")
        ann.subscribe("mine")

        def tell(channel, *texts, owner=None):
            data = {"channel": channel, "texts": texts, "owner": owner}
            ann.ask("send", "ack", channel="tell", data=data)

        tell("news", *[str(number) for number in range(500)])
        assert client.texts(500) == [str(number) for number in range(500)]
        tell("mine", "hers", owner="ann")
        assert ann.texts(1) == ["hers"]
        assert ann.ask("send", "ack", channel="whoami", id=1)["data"] == "ann"
        since = {"epoch": here["epoch"], "offset": here["offset"] + 498}
        assert client.subscribe("news", since=since)["recovered"]
        assert client.texts(2) == ["498", "499"]
        client.connection.send(b"bytes")
        assert client.code() == 1003
        with server.connected(additional_headers={"Authorization": "Bearer no"}) as refused:
            assert refused.code() == 4401
        with server.client.stream("GET", "/subscription/news") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 3000"
            tell("news", "streamed")
            assert next(line for line in lines if "streamed" in line).startswith("data: ")
