"""What the tests of every distribution share."""

import ast
import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

pytest.register_assert_rewrite("serving")

settings.register_profile("servey", deadline=None)  # the clock decides no test
settings.load_profile("servey")


@dataclass(frozen=True)
class Workplace:
    """A working folder, which Python imports from.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def write(self, path: str, text: str) -> Path:
        """Write a file, with its folders."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        importlib.invalidate_caches()
        return file

    def install(self, name: str, text: str, *, distribution: str = "", module: str = "") -> None:
        """Install a plugin as an installer does: its module, and its distribution's metadata."""
        distribution = distribution or f"servey-{name}"
        module = module or f"{distribution.replace('-', '_')}_plugin"
        self.write(f"{module}.py", text)
        self.install_entry_point(name, module, distribution)

    def install_entry_point(self, name: str, module: str, distribution: str) -> None:
        """Install the metadata alone."""
        folder = f"{distribution.replace('-', '_')}-1.2.dist-info"
        self.write(
            f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        self.write(f"{folder}/entry_points.txt", f"[servey]\n{name} = {module}\n")


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """An empty working folder, and no settings."""
    for variable in [name for name in os.environ if name.startswith("SERVEY_")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    yield Workplace(tmp_path)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(tmp_path) in str(getattr(sys.modules[name], "__spec__", "")):
            del sys.modules[name]


class HookPage:
    """What `docs/hooks.md` says: a signature for each hook, and an example."""

    def __init__(self) -> None:
        self._text = (Path(__file__).parents[1] / "docs" / "hooks.md").read_text()

    @property
    def signatures(self) -> dict[str, str]:
        """The signature of each hook, by its name."""
        found = re.findall(r"^## (\w+)\n\n```text\n(.*?)\n```$", self._text, re.MULTILINE)
        return dict(found)

    def example(self, name: str) -> str:
        """The text of an example's file."""
        _, _, rest = self._text.partition(f'```python title="{name}.py"\n')
        return rest.partition("```\n")[0]

    @staticmethod
    def signatures_in(module: ModuleType) -> dict[str, str]:
        """The signature of each hook that a module declares, as it is written there."""
        functions = [
            node
            for node in ast.parse(inspect.getsource(module)).body
            if isinstance(node, ast.FunctionDef) and node.decorator_list
        ]
        return {node.name: _signature(node) for node in functions}


def _signature(node: ast.FunctionDef) -> str:
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"def {node.name}({ast.unparse(node.args)}){result}".replace("'", "")


@pytest.fixture(scope="session")
def hook_page() -> HookPage:
    """The page on hooks."""
    return HookPage()
