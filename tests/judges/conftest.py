"""The examples as their judges find them: as documents, and served on a real socket."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ports import free_port
from serving import serving_process

EXAMPLES = Path(__file__).parents[2] / "examples"
NPM, NODE = shutil.which("npm"), shutil.which("node")
PASSWORD = "let the judges in"


def environment(**settings: str) -> dict[str, str]:
    """The variables of a process that has these settings alone."""
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SERVEY_", "PYTEST_", "COV_"))
    }
    return {**outer, **{f"SERVEY_{name}": value for name, value in settings.items()}}


@pytest.fixture(scope="session")
def document_of() -> Callable[[str], Any]:
    """The OpenAPI document of an example, by the name of its folder."""

    def generate(example: str) -> Any:
        command = [sys.executable, "-m", "servey_core", "generate", "openapi"]
        folder = EXAMPLES / example
        made = subprocess.run(
            command, cwd=folder, env=environment(), check=True, capture_output=True
        )
        return json.loads(made.stdout)

    return generate


@pytest.fixture(scope="session")
def npm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of `package.json`, installed for this run."""
    if NPM is None or NODE is None:
        assert os.environ.get("CI") != "true", "CI must have npm"
        pytest.skip("there is no npm here")
    folder = tmp_path_factory.mktemp("npm")
    shutil.copy(Path(__file__).with_name("package.json"), folder)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run([NPM, "install", *options], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def node(npm_folder: Path) -> Callable[..., Any]:
    """Runs a module of JavaScript beside the packages; what it prints is JSON."""

    def run(text: str, *arguments: str) -> Any:
        command = [str(NODE), "--input-type=module", "--eval", text, *arguments]
        done = subprocess.run(command, cwd=npm_folder, check=True, capture_output=True, timeout=60)
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The tour, served in a process of its own."""
    port = free_port()
    settings = {
        "PORT": str(port),
        "ACCESS_LOG": "false",
        "LOG_LEVEL": "error",
        "DEBUG_AUTHENTICATOR_PASSWORD": PASSWORD,
        "STATE": "memory:",
    }
    log = tmp_path_factory.mktemp("tour") / "log"
    command = [sys.executable, "-m", "servey_core", "serve"]
    env = environment(**settings)
    with serving_process(command, port, log, cwd=EXAMPLES / "tour", env=env) as (_, client):
        yield client


@pytest.fixture(scope="session")
def token(tour: httpx.Client, document_of: Callable[[str], Any]) -> str:
    """A token with every scope that the tour knows."""
    schemes = document_of("tour")["components"]["securitySchemes"]
    scopes = schemes["debug_login"]["flows"]["password"]["scopes"]
    form = {"grant_type": "password", "username": "judge", "password": PASSWORD}
    answer = tour.post("/debug/login", data={**form, "scope": " ".join(scopes)})
    return str(answer.json()["access_token"])
