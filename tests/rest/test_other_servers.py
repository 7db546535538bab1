"""`create_app()`: the same application under other servers, and in an application of one's own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from ports import free_port
from waiting import PATIENCE

pytestmark = pytest.mark.slow

ACTIONS = """
from servey_core import WEB_GET, WEB_POST, ScopeAccessControl, WebTrigger, action


@action(triggers=[WEB_GET, WebTrigger("GET", "/greet/{name}")])
def say_hello(name: str) -> str:
    return f"Hello {name}!"


@action(triggers=WEB_POST)
async def length_of(text: str) -> int:
    return len(text)


@action(triggers=WEB_GET, access_control=ScopeAccessControl("root"))
def secret() -> str:
    return "secret"
"""
CREATED = """
from servey_web import create_app

app = create_app()
"""
OWN = """
from fastapi import FastAPI
from servey_web import create_app

app = FastAPI()


@app.get("/mine")
async def mine() -> str:
    return "mine"


app.mount("/api", create_app())
"""
SERVERS = {
    "uvicorn": "uvicorn --factory servey_web:create_app --port {port}",
    "granian": "granian --interface asgi --factory servey_web:create_app --port {port}",
    "gunicorn": "gunicorn servey_web:create_app() -k uvicorn_worker.UvicornWorker"
    " -b 127.0.0.1:{port} --no-control-socket",
    "hypercorn": "hypercorn --bind 127.0.0.1:{port} created:app",
}
LISTENING = re.compile(r"(Uvicorn r|R)unning on|Started worker-1|Booting worker")


@contextmanager
def running(folder: Path, command: str) -> Iterator[httpx.Client]:
    """A server in a process of its own; it must end orderly."""
    port = free_port()
    module, *arguments = command.format(port=port).split()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if LISTENING.search(line):
                break
        else:
            pytest.fail("".join(lines))
        url = f"http://127.0.0.1:{port}"
        transport = httpx.HTTPTransport(retries=5)  # a worker may say that it starts, and bind then
        with httpx.Client(base_url=url, transport=transport, timeout=PATIENCE) as client:
            yield client
        process.terminate()
        process.wait(PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
        process.wait()
        process.stdout.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "actions.py").write_text(ACTIONS)
    (tmp_path / "created.py").write_text(CREATED)
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


def late(client: httpx.Client) -> Iterator[bytes]:
    """A body whose second half comes when the server has answered somebody else since."""
    yield b'{"text": "'
    with httpx.Client(base_url=client.base_url, timeout=PATIENCE) as another:
        another.get("/")
    yield b'hello"}'


def check(client: httpx.Client, root: str = "") -> None:
    assert client.get(f"{root}/actions/say-hello?name=x").json() == "Hello x!"
    json = {"Content-Type": "application/json"}
    told = client.post(f"{root}/actions/length-of", content=late(client), headers=json)
    assert (told.status_code, told.text) == (200, "5")
    answer = client.get(f"{root}/greet/a%2Fb")
    assert answer.json() == "Hello a/b!"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{root}/readyz").json()["status"] == "ready"
    refused = client.get(f"{root}/actions/secret")
    assert (refused.status_code, refused.json()["status"]) == (401, 401)
    assert client.get(f"{root}/actions/say-hello", headers={"Host": "evil.example"}).is_error


@pytest.mark.parametrize("server", SERVERS)
def test_the_application_is_the_same_under_another_server(folder: Path, server: str) -> None:
    with running(folder, SERVERS[server]) as client:
        check(client)


def test_it_mounts_in_an_application_of_ones_own(folder: Path) -> None:
    with running(folder, "uvicorn own:app --port {port}") as client:
        assert client.get("/mine").json() == "mine"
        check(client, "/api")
        assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
        assert client.get("/api/docs").status_code == 200
