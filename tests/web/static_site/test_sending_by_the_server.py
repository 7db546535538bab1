"""Servers that can send a file by themselves are told which (`http.response.pathsend`)."""

import asyncio
import logging
import os

import pytest
from serving import start_with

from servey_web import create_app


async def ask(app, path, extensions):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "extensions": extensions,
    }
    sent = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize("denied", [(), ("rest",)])
def test_a_large_file_is_left_to_the_server(folder, denied, caplog):
    caplog.set_level(logging.INFO, "servey.access")
    content = os.urandom(500_000)
    file = folder.write("large.bin", content)
    app = create_app(start_with([], plugins_deny=denied))
    start, body = asyncio.run(ask(app, "/large.bin", {"http.response.pathsend": {}}))
    assert body == {"type": "http.response.pathsend", "path": str(file.resolve())}
    assert dict(start["headers"])[b"content-length"] == b"500000"
    [logged] = [one for one in caplog.records if one.name == "servey.access"]
    assert vars(logged)["bytes"] == 500_000
    start, *bodies = asyncio.run(ask(app, "/large.bin", {}))
    assert b"".join(one["body"] for one in bodies) == content
    assert max(len(one["body"]) for one in bodies) <= 65536
