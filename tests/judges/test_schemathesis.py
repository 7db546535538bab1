"""Schemathesis, which makes up calls from the document: the tour does what its document says."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

CONFIG = Path(__file__).parent / "schemathesis.toml"
IN_CI = os.environ.get("CI") == "true"

pytestmark = pytest.mark.skipif(
    find_spec("schemathesis") is None and not IN_CI, reason="schemathesis is not installed"
)


def judge(
    folder: Path, tour: httpx.Client, document: Any, *options: str
) -> subprocess.CompletedProcess[str]:
    """Judge the tour by a document."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIG}"]
    return subprocess.run(
        [*command, "run", str(file), "--url", str(tour.base_url), *options],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.fixture(scope="module")
def document(tour: httpx.Client) -> Any:
    """What the tour says of itself, but for "or any other problem": each has to be named."""
    document = tour.get("/openapi.json").json()
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["responses"]["default"]
    return document


def test_it_finds_nothing_with_a_token(
    tmp_path: Path, tour: httpx.Client, document: Any, token: str
) -> None:
    header = f"Authorization: Bearer {token}"
    found = judge(tmp_path, tour, document, "--header", header, "--max-examples=20")
    assert found.returncode == 0, found.stdout


def test_it_finds_nothing_without_a_token(
    tmp_path: Path, tour: httpx.Client, document: Any
) -> None:
    found = judge(tmp_path, tour, document, "--max-examples=5")
    assert found.returncode == 0, found.stdout


def test_it_finds_what_is_not_so(tmp_path: Path, tour: httpx.Client, document: Any) -> None:
    wrong = json.loads(json.dumps(document))
    answer = wrong["paths"]["/actions/say-hello"]["get"]["responses"]["200"]
    answer["content"]["application/json"]["schema"] = {"type": "integer"}
    found = judge(tmp_path, tour, wrong, "--include-operation-id=say_hello", "--phases=examples")
    assert found.returncode == 1
    assert 'is not of type "integer"' in found.stdout
