"""How the explorer's bundle is made, and when it is not."""

import json
import os
import re
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "plugins" / "servey_graphql"
MADE = PLUGIN / "src" / "servey_graphql" / "graphiql" / "bundle"

pytestmark = pytest.mark.skipif(not PLUGIN.exists(), reason="this is not a checkout")
IN_CI = os.environ.get("CI") == "true"
with_bundle = pytest.mark.skipif(
    not MADE.exists() and not IN_CI, reason="GraphiQL was not bundled: no npm"
)


@pytest.fixture
def make_bundle() -> Callable[[Path], str | None]:
    return runpy.run_path(str(PLUGIN / "build_assets.py"))["make_bundle"]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder on the PATH, which is empty."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_without_npm_there_is_no_bundle_and_a_reason(
    make_bundle: Callable[[Path], str | None], programs: Path, tmp_path: Path
) -> None:
    assert make_bundle(tmp_path / "bundle") == "npm is not on the PATH"
    assert not (tmp_path / "bundle").exists()


def test_an_outdated_bundle_goes(
    make_bundle: Callable[[Path], str | None], programs: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "made-of.txt").write_text("something else")
    assert make_bundle(bundle) is not None
    assert not bundle.exists()


@with_bundle
def test_a_bundle_of_the_same_is_left_alone(
    make_bundle: Callable[[Path], str | None], programs: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(MADE, bundle)
    (bundle / "graphiql.js").write_text("as it was")
    assert make_bundle(bundle) is None
    assert (bundle / "graphiql.js").read_text() == "as it was"


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
def test_what_npm_complains_of_is_told(
    make_bundle: Callable[[Path], str | None], programs: Path, tmp_path: Path
) -> None:
    npm = programs / "npm"
    npm.write_text("#!/bin/sh\necho there is no network >&2\nexit 1\n")
    npm.chmod(0o755)
    reason = make_bundle(tmp_path / "bundle")
    assert reason is not None
    assert "npm install failed:\nthere is no network" in reason
    assert not (tmp_path / "bundle").exists()


def test_every_package_is_pinned() -> None:
    package = json.loads((PLUGIN / "frontend" / "package.json").read_text())
    pinned = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())
    settings = (PLUGIN / "frontend" / ".npmrc").read_text().splitlines()
    assert any(re.fullmatch(r"before=\d{4}-\d\d-\d\d", line) for line in settings)
    assert "ignore-scripts=true" in settings


@with_bundle
def test_the_licences_of_what_is_bundled_come_along() -> None:
    package = json.loads((PLUGIN / "frontend" / "package.json").read_text())
    told = (MADE / "LICENSES.txt").read_text()
    for name, version in package["dependencies"].items():
        assert f"==== {name} {version} (" in told
