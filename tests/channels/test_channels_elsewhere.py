"""Channels under other servers, where events go as ASGI messages."""

import os
import sys
from contextlib import contextmanager

import pytest
from chatting import HERE, SECRET, Server
from ports import free_port
from serving import serving_process
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
    words = [sys.executable, "-m", module, *arguments]
    with serving_process(words, port, log, cwd=HERE, env=variables) as (process, client):
        yield Server(port, process, client, log)


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
