"""`docs/settings.md` lists every setting: its variables, its default and what it does."""

import pytest
from settings_rows import rows
from snippets import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text()
PACKAGES = rows()


def in_page(package: str) -> list[str]:
    section = PAGE.partition(f"\n## {package.replace('_', '-')}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_lists_every_setting_as_it_is(package: str) -> None:
    assert in_page(package) == PACKAGES[package], "python tests/docs/settings_rows.py"
