"""A stranger's distribution: what it may use, and what is said where it is missing."""

import ast
import sys
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest

import servey_core
import servey_filewatch

PACKAGE = Path(servey_filewatch.__file__).parent
FILES = sorted(PACKAGE.glob("*.py"))


def test_it_is_installed():
    (point,) = (one for one in entry_points(group="servey") if one.name == "filewatch")
    assert point.value == "servey_filewatch.plugin"
    assert point.dist is not None
    assert point.dist.name == "servey-filewatch"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_public_names_are_imported(file):
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not [one.name for one in node.names if one.name.startswith("servey_core")]
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("servey_core"):
            assert node.module == "servey_core"
            assert {one.name for one in node.names} <= set(servey_core.__all__)


def test_types_are_part_of_it():
    assert (PACKAGE / "py.typed").exists()


def test_without_it_the_application_says_what_to_install(application, tmp_path):
    application.python = python_without("servey-filewatch", tmp_path / "site")
    served = application.run("serve", SERVEY_PLUGINS="")
    assert served.returncode == 5
    assert f'{application.folder / "actions.py"}", line 7, in <module>' in served.stderr
    assert served.stderr.endswith(
        "ModuleNotFoundError: No module named 'servey_filewatch'\n"
        "The plugin is not installed: pip install servey-filewatch\n"
    )


def test_where_it_is_denied_the_application_says_so(application):
    served = application.run("serve", SERVEY_PLUGINS="", SERVEY_PLUGINS_DENY="filewatch")
    assert served.returncode == 5
    place = f"{application.folder / 'actions.py'}:12"
    assert f"of action 'count_words' ({place}): servey-filewatch is installed" in served.stderr
    assert "its plugin 'filewatch' is denied" in served.stderr


def python_without(name, site):
    """Python with all that is installed here, but for one distribution."""
    left_out = {file.parts[0] for file in distribution(name).files or ()}
    site.mkdir()
    installed = Path(next(one for one in sys.path if one.endswith("site-packages")))
    for entry in installed.iterdir():
        if entry.name not in left_out:
            (site / entry.name).symlink_to(entry)
    program = (
        f"import site; site.addsitedir({str(site)!r}); from servey_core.cli import main; main()"
    )
    return [sys.executable, "-S", "-c", program]
