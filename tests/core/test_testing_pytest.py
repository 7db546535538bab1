"""The pytest plugin, as a project meets it."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points

import pytest

HELLO = """
from servey_core import Example, action

@action(examples=[
    Example("world", {"name": "World"}, "Hello World!"),
    Example("ada", {"name": "Ada"}, "Hello Ada!"),
    Example("hidden", include_in_tests=False),
])
def say_hello(name: str) -> str:
    return f"Hello {name}!"
"""

WRONG = """
from servey_core import Example, action

@action(examples=[
    Example("wrong", result=1),
    Example("right", result=2),
    Example("worse", result=3),
])
def two() -> int:
    return 2
"""

KINDS = """
import asyncio
from dataclasses import dataclass
from servey_core import *

ROOT = Authorization(subject="ruth", scopes=frozenset({"root"}))

@action(
    access_control=ScopeAccessControl("root"),
    examples=[
        Example("ruth", result="ruth", authorization=ROOT),
        Example("nobody", raises=Unauthorized),
    ],
)
async def guarded(authorization: Authorization) -> str | None:
    await asyncio.sleep(0)
    return authorization.subject

@dataclass
class Stats:
    value: int

    @action(examples=Example("three", {"self": {"value": 3}}, 9))
    def square(self) -> int:
        return self.value ** 2

@action(examples=[
    Example("three", {"value": 3}, Stats(3)),
    Example("none", {"value": 0}, raises=NotFound),
])
def stats(value: int) -> Stats:
    if not value:
        raise NotFound
    return Stats(value)
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core alone, so that the tests know the surfaces; and nothing of the environment's."""
    installed = [point.name for point in entry_points(group="servey")]
    monkeypatch.setenv("SERVEY_PLUGINS_DENY", ",".join(installed))
    # The runs below happen in this process, and forget what they import: extension modules among
    # it cannot be imported twice.
    import_module("servey_core.testing.collecting")
    import_module("servey_core.cli.surface")


def write(pytester: pytest.Pytester, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider", *arguments)


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    result = run(pytester, "--collect-only", "-q", *arguments)
    return [line for line in result.outlines if "::" in line]


def test_each_example_is_an_item_on_each_surface(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": HELLO})
    assert collected(pytester) == [
        "actions.py::say_hello[world-function]",
        "actions.py::say_hello[world-cli]",
        "actions.py::say_hello[ada-function]",
        "actions.py::say_hello[ada-cli]",
    ]
    run(pytester).assert_outcomes(passed=4)


def test_every_kind_of_action_is_called(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": KINDS})
    run(pytester, "-k", "function").assert_outcomes(passed=5, deselected=5)


def test_items_belong_to_the_file_that_declares_the_action(pytester: pytest.Pytester) -> None:
    factory = """
from servey_core import Example, action

def make(name):
    @action(name=name, examples=Example("plain"))
    def made() -> None: ...
    return made
"""
    write(
        pytester,
        {
            "factory.py": factory,
            "actions/__init__.py": "from factory import make\nmade = make('made')",
            "actions/a/__init__.py": "",
            "actions/a/greetings.py": HELLO,
            "actions/b.py": WRONG,
        },
    )
    assert collected(pytester, "-k", "function") == [
        "actions/__init__.py::made[plain-function]",
        "actions/a/greetings.py::say_hello[world-function]",
        "actions/a/greetings.py::say_hello[ada-function]",
        "actions/b.py::two[wrong-function]",
        "actions/b.py::two[right-function]",
        "actions/b.py::two[worse-function]",
    ]
    assert collected(pytester, "actions/b.py::two[wrong-cli]") == ["actions/b.py::two[wrong-cli]"]


def test_a_failure_is_short_and_has_no_traceback(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": WRONG})
    result = run(pytester, "-k", "wrong-function")
    result.assert_outcomes(failed=1, deselected=5)
    result.stdout.fnmatch_lines(
        [
            "*two?wrong-function?*",
            "Example 'wrong' of two fails on function",
            f"  action    {pytester.path}/actions.py:4",
            "  params    {}",
            "  expected  1",
            "  got       2",
            "*short test summary*",
        ],
        consecutive=True,
    )


def test_the_first_failure_may_stop_the_run(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": WRONG})
    run(pytester, "-x", "-k", "function").assert_outcomes(failed=1, deselected=3)


def test_the_last_failures_may_be_run_alone(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": WRONG})
    pytester.runpytest_inprocess("-k", "function").assert_outcomes(passed=1, failed=2, deselected=3)
    pytester.runpytest_inprocess("--lf").assert_outcomes(failed=2)


def test_several_processes_share_the_work(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    write(pytester, {"actions.py": HELLO})
    result = pytester.runpytest_subprocess("-W", "error", "-n", "2")
    result.assert_outcomes(passed=4)


SURFACE = """
from contextlib import asynccontextmanager
from pathlib import Path
from servey_core import Reply, Surface, hookimpl

def note(text):
    with Path("diary").open("a") as diary:
        diary.write(text + " ")

@asynccontextmanager
async def opened():
    async def call(action, params, authorization):
        note("call")
        return Reply(f"Hello {params['name']}!")
    note("open")
    yield call
    note("close")

@hookimpl
def servey_surfaces(runtime):
    return Surface("echo", lambda action: action.name == "say_hello", opened)
"""


def test_a_plugins_surface_is_opened_once_in_a_session(pytester: pytest.Pytester) -> None:
    settings = '[tool.servey]\nplugin_modules = ["shop_plugin"]'
    write(pytester, {"actions.py": HELLO, "shop_plugin.py": SURFACE, "pyproject.toml": settings})
    run(pytester, "-k", "echo").assert_outcomes(passed=2, deselected=4)
    assert (pytester.path / "diary").read_text() == "open call call close "


def test_surfaces_may_be_chosen(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": HELLO, "pytest.ini": "[pytest]\nservey_surfaces = cli"})
    assert {name.rpartition("-")[2] for name in collected(pytester)} == {"cli]"}


def test_an_unknown_surface_is_named(pytester: pytest.Pytester) -> None:
    write(pytester, {"actions.py": HELLO, "pytest.ini": "[pytest]\nservey_surfaces = cil"})
    run(pytester).stdout.fnmatch_lines(["No surface is named 'cil'. Did you mean 'cli'[?]"])


@pytest.mark.parametrize(
    ("settings", "file"),
    [
        ('action_path = "shop.deeds"', "shop/deeds.py"),
        ('action_path = "shop.deeds"', "src/shop/deeds/__init__.py"),
        ('action_path = "web/deeds.py"', "web/deeds.py"),
        ('plugin_modules = ["extra"]', "actions.py"),
    ],
)
def test_the_settings_say_where_the_actions_are(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, settings: str, file: str
) -> None:
    write(pytester, {"pyproject.toml": f"[tool.servey]\n{settings}", file: HELLO, "extra.py": ""})
    monkeypatch.syspath_prepend(pytester.path / "src")
    found = collected(pytester, "-k", "world-function")
    assert found == [f"{file}::say_hello[world-function]"]


def test_the_environment_says_where_the_actions_are(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(pytester, {"deeds.py": HELLO})
    assert collected(pytester) == []
    monkeypatch.setenv("SERVEY_ACTION_PATH", "deeds")
    assert len(collected(pytester)) == 4


BOMB = "raise SystemExit('imported')"


@pytest.mark.parametrize(
    "files",
    [
        {"actions.py": BOMB},
        {"actions/__init__.py": BOMB, "actions/more.py": BOMB},
        {"actions.py": f"# from servey_core import action\n{BOMB}"},
        {"other.py": f"import servey_core\n{BOMB}"},
        {"actions.py": f"import servey_core\n{BOMB}", "pytest.ini": "[pytest]\nservey = false"},
    ],
    ids=["file", "package", "comment", "other", "refused"],
)
def test_other_projects_are_left_alone(pytester: pytest.Pytester, files: dict[str, str]) -> None:
    write(pytester, {**files, "test_it.py": "def test_it(): ..."})
    run(pytester).assert_outcomes(passed=1)


def test_an_ini_option_opts_in(pytester: pytest.Pytester) -> None:
    deeds = HELLO.replace("servey_core import", "helper import")
    files = {"actions.py": deeds, "helper.py": "from servey_core import Example, action"}
    write(pytester, files)
    assert collected(pytester) == []
    write(pytester, {"pytest.ini": "[pytest]\nservey = true"})
    assert len(collected(pytester)) == 4


def test_the_plugin_brings_nothing_into_other_projects() -> None:
    program = """
import sys, pytest
before = set(sys.modules)
import servey_core.testing.pytest_plugin
loaded = {name for name in set(sys.modules) - before if name not in sys.stdlib_module_names}
print(*sorted(name for name in loaded if not name.startswith("tomllib")))
"""
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert output.split() == [
        "servey_core",
        "servey_core.lazy",
        "servey_core.testing",
        "servey_core.testing.pytest_plugin",
    ]


def test_the_actions_are_not_imported_for_other_tests(pytester: pytest.Pytester) -> None:
    write(
        pytester, {"actions.py": f"import servey_core\n{BOMB}", "test_it.py": "def test_it(): ..."}
    )
    run(pytester, "test_it.py").assert_outcomes(passed=1)


def test_a_mistake_in_a_declaration_is_shown_as_text(pytester: pytest.Pytester) -> None:
    actions = "from servey_core import action\n@action(timeout=-1)\ndef f() -> None: ..."
    write(pytester, {"actions.py": actions})
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["Action 'f' (*actions.py:2): timeout is *, not -1."])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_error_in_a_users_module_is_shown_once_from_there_on(pytester: pytest.Pytester) -> None:
    actions = {"actions/__init__.py": "", "actions/a.py": HELLO, "actions/b.py": "import nonsense"}
    write(pytester, actions)
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "Traceback (most recent call last):",
            '  File "*b.py", line 1, in <module>',
            "    import nonsense",
            "ModuleNotFoundError: No module named 'nonsense'",
        ],
        consecutive=True,
    )


def test_a_project_in_a_folder_of_another_is_found_from_there(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(pytester, {"pytest.ini": "[pytest]", "examples/hello/actions.py": HELLO})
    assert collected(pytester) == []
    monkeypatch.chdir(pytester.path / "examples" / "hello")
    assert len(collected(pytester)) == 4
