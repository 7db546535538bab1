"""Every snippet of every page runs, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from snippets import ROOT, PageRun, not_installed, snippets_of

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
NOX = re.compile(r"pip install nox uv && nox(?: -s (?P<session>\w+))?(?: -- .*)?")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_snippet_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / page.stem
    folder.mkdir()
    with PageRun(folder, not_installed(page)) as run:
        for snippet in snippets_of(page):
            try:
                run.run(snippet)
            except AssertionError as error:
                raise AssertionError(f"{snippet.place}: {error}") from None


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_what_the_shell_is_told_is_a_session_of_nox(page: Path) -> None:
    noxfile = (ROOT / "noxfile.py").read_text()
    for snippet in snippets_of(page):
        for line in snippet.text.splitlines() if snippet.language == "sh" else ():
            command = NOX.fullmatch(line.partition("  #")[0].rstrip())
            assert command, f"{snippet.place}: {line}"
            session = command["session"]
            assert session is None or f"def {session}(" in noxfile, f"{snippet.place}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for token in MarkdownIt().parse(page.read_text()):
        for child in token.children or ():
            target = str(child.attrGet("href") or "").partition("#")[0]
            if child.type == "link_open" and target and ":" not in target:
                assert (page.parent / target).exists(), target
