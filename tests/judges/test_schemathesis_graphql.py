"""Schemathesis, which makes up documents from the schema: nothing that the tour is asked fails."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
IN_CI = os.environ.get("CI") == "true"
CONFIG = """
continue-on-failure = true

[generation]
deterministic = true
database = "none"
allow-x00 = false
"""

pytestmark = pytest.mark.skipif(
    find_spec("schemathesis") is None and not IN_CI, reason="schemathesis is not installed"
)


def judge(
    folder: Path, tour: httpx.Client, check: str, *options: str
) -> subprocess.CompletedProcess[str]:
    """Judge the tour by its schema, and one check."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run"]
    hooks = {"SCHEMATHESIS_HOOKS": "graphql_hooks", "PYTHONPATH": str(HERE)}
    return subprocess.run(
        [*command, str(tour.base_url.join("/graphql")), f"--checks={check}", *options],
        cwd=folder,
        env={**os.environ, **hooks, "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def test_no_field_fails_with_a_token(tmp_path: Path, tour: httpx.Client, token: str) -> None:
    header = f"Authorization: Bearer {token}"
    found = judge(
        tmp_path, tour, "no_error_is_the_servers", "--header", header, "--max-examples=15"
    )
    assert found.returncode == 0, found.stdout


def test_no_field_fails_without_a_token(tmp_path: Path, tour: httpx.Client) -> None:
    found = judge(tmp_path, tour, "no_error_is_the_servers", "--max-examples=5")
    assert found.returncode == 0, found.stdout


def test_it_finds_fields_that_fail(tmp_path: Path, tour: httpx.Client) -> None:
    found = judge(tmp_path, tour, "not_a_server_error", "--max-examples=2")
    assert found.returncode == 1
    assert "GraphQL server error" in found.stdout
