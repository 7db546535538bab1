"""The tutorial on plugins shows the files of the example, all of them, as they are."""

from typing import TYPE_CHECKING

import pytest
from snippets import ROOT, Snippet, snippets_of

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples" / "servey_filewatch"
FILES = [one for one in snippets_of(ROOT / "docs" / "plugins.md") if one.title]


@pytest.mark.parametrize("snippet", FILES, ids=lambda snippet: snippet.title)
def test_a_file_of_the_page_is_a_file_of_the_example(snippet: Snippet) -> None:
    text = (EXAMPLE / str(snippet.title)).read_text()
    if str(snippet.title).startswith("tests/"):
        assert snippet.text in text
    else:
        assert snippet.text == text


def test_the_page_leaves_no_module_out() -> None:
    shown = {EXAMPLE / str(snippet.title) for snippet in FILES}
    modules: set[Path] = set(EXAMPLE.glob("src/**/*.py"))
    assert modules
    assert modules <= shown
