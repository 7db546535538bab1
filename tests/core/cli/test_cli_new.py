import subprocess
import sys
from importlib.metadata import version

import pytest


def test_a_new_project_passes_its_tests_and_runs_its_actions(project):
    ended = project.servey("new", "my-app")
    assert ended.code == 0
    assert "  cd my-app\n  servey serve\n" in ended.out
    project.folder = project.folder / "my-app"
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    caller = '{"subject": "ann", "scopes": ["announce"]}'
    said = project.servey("run", "announce", "--text", "Hello.", "--as", caller)
    assert said.out == '"ann: Hello."\n'


def test_a_new_project_has_what_it_needs(servey, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert servey([], "new", "my-app").code == 0
    folder = tmp_path / "my-app"
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert {path.as_posix() for path in files} == {
        *(".gitignore", "README.md", "actions.py", "pyproject.toml", "tests/test_actions.py")
    }
    text = (folder / "pyproject.toml").read_text()
    major, minor, *_ = version("servey-core").split(".")
    for name in ("core", "web", "rest"):
        assert f'"servey-{name}>={major}.{minor},<{major}.{int(minor) + 1}"' in text


def test_the_working_folder_will_do_where_it_is_empty(servey, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert servey([], "new", ".").code == 0
    assert '\nname = "empty"\n' in (empty / "pyproject.toml").read_text()
    again = servey([], "new", ".")
    assert again.code == 2
    assert "'.' is there already, and is not an empty folder." in again.err


@pytest.mark.parametrize("name", ["my app", "1st", "-x", "x-", "a$b", "ä"])
def test_a_name_that_cannot_be_one_is_refused(servey, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    ended = servey([], "new", "--", name)
    assert ended.code == 2
    assert "cannot name a project" in ended.err
    assert not list(tmp_path.iterdir())
