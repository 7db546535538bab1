"""The page on transactions shows the files of the example as they are."""

import pytest
from snippets import ROOT, snippets_of

SHOWN = {
    snippet.title: snippet.text
    for snippet in snippets_of(ROOT / "docs" / "outbox.md")
    if snippet.title
}


@pytest.mark.parametrize("name", ["models.py", "actions.py"])
def test_a_file_of_the_page_is_a_file_of_the_example(name: str) -> None:
    assert SHOWN[name] == (ROOT / "examples" / "outbox" / name).read_text()
