"""The audits of `graphql-http`, by which servers of GraphQL over HTTP are known: all pass."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

HERE = Path(__file__).parent
NPM, NODE = shutil.which("npm"), shutil.which("node")
IN_CI = os.environ.get("CI") == "true"
PACKAGES = ("graphql", "graphql-http")
AUDIT = """
import { auditServer } from "graphql-http";
const results = await auditServer({ url: process.argv[1] });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) =>
  ({ id, name, status, reason }))));
"""
FEWEST = 60
"""How many audits there are, at least."""

pytestmark = pytest.mark.skipif(NPM is None and not IN_CI, reason="there is no npm here")


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """What of a server does not pass, by its URL."""
    assert NPM is not None, "CI must have npm"
    assert NODE is not None, "CI must have Node"
    folder = tmp_path_factory.mktemp("npm")
    versions = json.loads((HERE / "package.json").read_text())["devDependencies"]
    packages = [f"{name}@{versions[name]}" for name in PACKAGES]
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run([NPM, "install", *options, *packages], cwd=folder, check=True)

    def run(url: str) -> list[str]:
        command = [NODE, "--input-type=module", "--eval", AUDIT, url]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
        results = json.loads(done.stdout)
        assert len(results) >= FEWEST
        return [
            f"{one['id']} {one['name']}: {one.get('reason')}"
            for one in results
            if one["status"] != "ok"
        ]

    return run


def test_every_audit_passes(audit: Callable[[str], list[str]], tour: httpx.Client) -> None:
    assert audit(str(tour.base_url.join("/graphql"))) == []


def test_what_is_no_graphql_passes_few(
    audit: Callable[[str], list[str]], tour: httpx.Client
) -> None:
    failed = audit(str(tour.base_url.join("/livez")))
    assert any(one.startswith("4655 MUST accept application/json") for one in failed)
