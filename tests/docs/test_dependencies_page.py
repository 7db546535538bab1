"""`docs/dependencies.md` says of every dependency what it is for."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from snippets import ROOT

PROJECTS = {
    project["name"]: project
    for path in (ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml")))
    for project in [tomllib.loads(path.read_text())["project"]]
}
PAGE = (ROOT / "docs" / "dependencies.md").read_text()


@pytest.mark.parametrize("name", PROJECTS)
def test_the_page_names_the_dependencies_and_no_others(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `([\w.-]+)` \|", section, re.MULTILINE))
    declared = {Requirement(text).name for text in PROJECTS[name]["dependencies"]}
    assert listed == {one for one in declared if not one.startswith("servey-")}
