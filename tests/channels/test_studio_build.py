"""How the bundle of the page of channels is made, and when it is not."""

import json
import os
import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "plugins" / "servey_channels"
MADE = PLUGIN / "src" / "servey_channels" / "studio" / "bundle"

pytestmark = pytest.mark.skipif(not PLUGIN.exists(), reason="this is not a checkout")
IN_CI = os.environ.get("CI") == "true"
with_bundle = pytest.mark.skipif(
    not MADE.exists() and not IN_CI, reason="the renderer was not bundled: no npm"
)


@pytest.fixture
def make_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str | None]:
    """Makes a bundle where there is no npm."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return runpy.run_path(str(PLUGIN / "build_assets.py"))["make_bundle"]


def test_without_npm_an_outdated_bundle_goes_and_there_is_a_reason(
    make_bundle: Callable[[Path], str | None], tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "made-of.txt").write_text("something else")
    assert make_bundle(bundle) == "npm is not on the PATH"
    assert not bundle.exists()


@with_bundle
def test_a_bundle_of_the_same_is_left_alone(
    make_bundle: Callable[[Path], str | None], tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(MADE, bundle)
    (bundle / "asyncapi.js").write_text("as it was")
    assert make_bundle(bundle) is None
    assert (bundle / "asyncapi.js").read_text() == "as it was"


def test_every_package_is_pinned() -> None:
    package = json.loads((PLUGIN / "frontend" / "package.json").read_text())
    pinned = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())
    settings = (PLUGIN / "frontend" / ".npmrc").read_text().splitlines()
    assert any(re.fullmatch(r"before=\d{4}-\d\d-\d\d", line) for line in settings)
    assert "ignore-scripts=true" in settings


def test_a_bundle_is_made_of_all_its_sources() -> None:
    sources = set(runpy.run_path(str(PLUGIN / "build_assets.py"))["SOURCES"])
    frontend = PLUGIN / "frontend"
    there = {
        str(file.relative_to(frontend))
        for file in frontend.rglob("*")
        if file.is_file() and "node_modules" not in file.parts
    }
    assert sources == there


@with_bundle
def test_the_bundle_makes_no_code_of_texts_and_brings_its_licences() -> None:
    text = (MADE / "asyncapi.js").read_text()
    assert "new Function(" not in text  # the page's policy forbids it
    package = json.loads((PLUGIN / "frontend" / "package.json").read_text())
    told = (MADE / "LICENSES.txt").read_text()
    for name, version in package["dependencies"].items():
        assert f"==== {name} {version} (" in told
