"""The runner of snippets notices what it should."""

from pathlib import Path

import pytest
from snippets import Command, PageRun, Snippet, commands_of, snippets_of


def run_page(tmp_path: Path, text: str) -> Path:
    page = tmp_path / "page.md"
    page.write_text(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    with PageRun(folder) as run:
        for snippet in snippets_of(page):
            run.run(snippet)
    return folder


def test_files_programs_and_sessions_share_a_folder(tmp_path: Path) -> None:
    text = """
```python title="package/greeting.py"
print("Hello port 8000")
```
```console
$ cat package/greeting.py | wc -l
1
$ python package/greeting.py && \\
> ls
Hello ...
package
```
```python
from pathlib import Path
assert Path("package/greeting.py").exists()
```
```text
rm -rf /
```
"""
    folder = run_page(tmp_path, text)
    assert "8000" not in (folder / "package" / "greeting.py").read_text()


@pytest.mark.parametrize(
    "block",
    [
        "console\n$ false\n",
        "console\n$ echo one\ntwo\n",
        "console\n$ echo one; echo two\none\n",
        "python\nassert False\n",
        "yaml\na: 1\n",
        "\n$ ls\n",
    ],
)
def test_what_is_wrong_is_noticed(tmp_path: Path, block: str) -> None:
    with pytest.raises(AssertionError):
        run_page(tmp_path, f"```{block}```\n")


def test_output_belongs_to_the_command_above_it() -> None:
    commands = list(commands_of("$ a\n1\n2\n$ b\n$ c\n> d\n3\n"))
    assert commands == [Command("a", "1\n2\n"), Command("b", ""), Command("c\nd", "3\n")]


def test_a_snippet_knows_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('one\n\n```python title="a.py"\nx = 1\n```\n')
    assert snippets_of(page) == [Snippet("page.md:3", "python", 'title="a.py"', "x = 1\n")]
    assert snippets_of(page)[0].title == "a.py"
