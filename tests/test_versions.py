"""The distributions are released together, and fit together."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECTS = [
    tomllib.loads(path.read_text())["project"]
    for path in (ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml")))
]
IDS = [project["name"] for project in PROJECTS]
CORE = Version(PROJECTS[0]["version"])


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_one_version(project: dict) -> None:
    assert Version(project["version"]) == CORE


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_siblings_are_pinned_to_this_minor_version(project: dict) -> None:
    bounds = {f">={CORE.major}.{CORE.minor}", f"<{CORE.major}.{CORE.minor + 1}"}
    for requirement in map(Requirement, project["dependencies"]):
        if requirement.name.startswith("servey-"):
            assert set(str(requirement.specifier).split(",")) == bounds


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_every_dependency_has_a_floor(project: dict) -> None:
    for requirement in map(Requirement, project["dependencies"]):
        assert any(one.operator == ">=" for one in requirement.specifier), requirement


@pytest.mark.parametrize("project", PROJECTS, ids=IDS)
def test_python_and_license(project: dict) -> None:
    assert project["requires-python"] == ">=3.11"
    assert project["license"] == "MIT"
