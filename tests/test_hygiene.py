"""What must not get into the repository."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = re.compile(
    rb"\bindex[-]url\b|\bextra[-]index\b|\bresolve[d]\b.{0,4}https?://|//[^/\s]*:[^/\s{}]*@[\w.-]+/"
    rb"|(?<![\w.])/(home|Users)/\w+/|(?<![\w.])/w[o]rk/\w+/"
)
LOCK_FILES = {"uv.lock", "package-lock.json", "poetry.lock", "yarn.lock"}


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is not a checkout")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_lock_file_is_tracked() -> None:
    assert not [path for path in tracked_files() if path.name in LOCK_FILES]


def test_nothing_of_one_machine_is_tracked() -> None:
    here = Path(__file__)
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in tracked_files()
        if path != here and (match := FORBIDDEN.search(path.read_bytes()))
    }
    assert not found


def test_what_runs_in_ci_is_what_the_readme_says() -> None:
    command = "pip install nox uv && nox"
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith(f"\n{command}")
    assert f"{command}\n" in (ROOT / "README.md").read_text()
