"""The example applications hold what their examples say, on every installed surface."""

import os
import subprocess
import sys
from collections import Counter
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SURFACES = {"function", "cli"} | {"rest"} & {point.name for point in entry_points(group="servey")}

WITH_DATABASE = pytest.mark.skipif(not find_spec("sqlalchemy"), reason="there is no SQLAlchemy")

WITHOUT_EXAMPLES = """
from servey_core import start
print(*(name for name, action in start().actions.items() if not action.examples))
"""


def run(folder: str, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SERVEY_", "PYTEST_", "COV_"))
    }
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=EXAMPLES / folder,
        env=environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("folder", "least"),
    [
        *(("hello", 1), ("generated", 3), ("tour", 60), ("pages", 9)),
        pytest.param("outbox", 2, marks=WITH_DATABASE),
    ],
)
def test_every_example_holds_on_every_surface(folder: str, least: int) -> None:
    ended = run(folder, "-m", "pytest", "-W", "error", "-rp", "-q", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    passed = [line for line in ended.stdout.splitlines() if line.startswith("PASSED")]
    surfaces = Counter(line.removesuffix("]").rpartition("-")[2] for line in passed)
    assert surfaces.keys() >= SURFACES
    assert min(surfaces[name] for name in SURFACES) >= least


def test_every_action_of_the_tour_has_an_example() -> None:
    ended = run("tour", "-c", WITHOUT_EXAMPLES)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stdout.split()
