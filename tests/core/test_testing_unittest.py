"""`define_test_class`, as a project uses it."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

ACTIONS = """
from servey_core import Example, action

@action(examples=[
    Example("world", {"name": "World"}, "Hello World!", description="Greet everybody."),
    Example("two words", {"name": "Ada"}, "Hello Ada!"),
    Example("two-words", {"name": "Zoë"}, "Hello Zoë!"),
    Example("wrong", {"name": "Zoë"}, "Hello?"),
])
async def say_hello(name: str) -> str:
    return f"Hello {name}!"
"""

SEED = """
from servey_core.testing import define_test_class

TestActions = define_test_class()
"""

SUBCLASS = """
from servey_core.testing import define_test_class

class TestGreetings(define_test_class("actions.py", surfaces=["function"])):
    def setUp(self):
        if self.id().endswith("wrong__function"):
            self.skipTest("it is known to be wrong")
"""


def run(folder: Path, tests: str, *command: str) -> tuple[int, str]:
    (folder / "actions.py").write_text(ACTIONS, encoding="utf-8")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_actions.py").write_text(tests)
    installed = ",".join(point.name for point in entry_points(group="servey"))
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", *command],
        cwd=folder,
        env={**os.environ, "SERVEY_PLUGINS_DENY": installed},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_unittest_runs_a_method_for_each_example_and_surface(tmp_path: Path) -> None:
    code, output = run(tmp_path, SEED, "unittest", "discover", "-v", "-s", "tests")
    assert code == 1
    assert "Ran 8 tests" in output
    for name in ("world__function", "world__cli", "two_words__cli", "two_words__cli_"):
        assert f"test_say_hello__{name} (test_actions.TestActions" in output
    assert "Greet everybody. ... ok" in output
    assert "FAILED (failures=2)" in output
    assert "AssertionError: Example 'wrong' of say_hello fails on function\n" in output
    assert "Traceback" not in output


def test_pytest_runs_the_same_class(tmp_path: Path) -> None:
    code, output = run(tmp_path, SEED, "pytest", "-q", "tests", "-k", "not wrong")
    assert code == 0, output
    assert "6 passed" in output


def test_the_class_may_be_subclassed(tmp_path: Path) -> None:
    code, output = run(tmp_path, SUBCLASS, "unittest", "discover", "-s", "tests")
    assert code == 0, output
    assert "Ran 4 tests" in output
    assert "OK (skipped=1)" in output
