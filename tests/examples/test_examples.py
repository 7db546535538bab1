"""The example applications hold what their examples say, on every installed surface."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from ports import free_port
from serving import serving_process
from waiting import PATIENCE
from websockets.sync.client import connect

EXAMPLES = Path(__file__).parents[2] / "examples"
SURFACES = {"function", "cli"} | {"rest"} & {point.name for point in entry_points(group="servey")}

WITH_DATABASE = pytest.mark.skipif(not find_spec("sqlalchemy"), reason="there is no SQLAlchemy")

WITHOUT_EXAMPLES = """
from servey_core import start
print(*(name for name, action in start().actions.items() if not action.examples))
"""


def environment(**settings: str) -> dict[str, str]:
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SERVEY_", "PYTEST_", "COV_"))
    }
    return {**outer, **{f"SERVEY_{name}": value for name, value in settings.items()}}


def run(folder: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=EXAMPLES / folder,
        env=environment(),
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("folder", "least"),
    [
        *(("hello", 1), ("generated", 3), ("tour", 60), ("pages", 9)),
        pytest.param("outbox", 2, marks=WITH_DATABASE),
    ],
)
def test_every_example_holds_on_every_surface(folder: str, least: int) -> None:
    ended = run(folder, "-m", "pytest", "-W", "error", "-rp", "-q", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    passed = [line for line in ended.stdout.splitlines() if line.startswith("PASSED")]
    surfaces = Counter(line.removesuffix("]").rpartition("-")[2] for line in passed)
    assert surfaces.keys() >= SURFACES
    assert min(surfaces[name] for name in SURFACES) >= least


def test_every_action_of_the_tour_has_an_example() -> None:
    ended = run("tour", "-c", WITHOUT_EXAMPLES)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stdout.split()


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    port = free_port()
    env = environment(PORT=str(port), STATE="memory:", BROKER_URL="memory:")
    log = tmp_path_factory.mktemp("tour") / "log"
    command = [sys.executable, "-W", "error", "-m", "servey_core", "serve"]
    with serving_process(command, port, log, cwd=EXAMPLES / "tour", env=env) as (_, client):
        yield client


def test_every_place_of_the_tour_is_there(tour: httpx.Client) -> None:
    browser = {"Accept": "text/html,*/*;q=0.8"}
    places = re.findall(r'href="([^"]+)"', tour.get("/", headers=browser).text)
    assert {"/docs", "/graphql", "/asyncapi"} <= set(places)
    assert {tour.get(place, headers=browser).status_code for place in places} == {200}


def test_what_is_said_in_the_tour_is_heard(tour: httpx.Client) -> None:
    """By who listens at the address that the document says, whichever way it is said."""
    document = tour.get("/asyncapi.json").json()
    assert "chat.send" in document["operations"]
    host = document["servers"]["websocket"]["host"]
    address = document["channels"]["socketOfOneChannel"]["address"].format(channel="chat")
    with connect(f"ws://{host}{address}", proxy=None) as connection:

        def hear(kind: str) -> Any:
            while (message := json.loads(connection.recv(PATIENCE)))["type"] != kind:
                pass
            return message.get("data")

        hear("subscribed")
        by_rest, by_channel = {"name": "Ada", "text": "REST"}, {"name": "Bob", "text": "channel"}
        assert tour.post("/actions/say", json=by_rest).json() == by_rest
        assert hear("event") == by_rest
        connection.send(json.dumps({"type": "send", "channel": "chat", "data": by_channel}))
        assert hear("event") == by_channel
