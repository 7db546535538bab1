"""The names that `servey_core` exports."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import servey_core

CALLABLES = [
    name
    for name in servey_core.__all__
    if inspect.isclass(getattr(servey_core, name)) or inspect.isfunction(getattr(servey_core, name))
]


def test_each_is_listed_once() -> None:
    assert len(set(servey_core.__all__)) == len(servey_core.__all__)


def test_what_type_checkers_see_is_what_is_exported() -> None:
    tree = ast.parse(Path(servey_core.__file__).read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("servey_core.")
        for alias in node.names
    }
    assert imported - {"lazy_names"} == set(servey_core.__all__)


def test_dir_lists_them() -> None:
    assert set(servey_core.__all__) <= set(dir(servey_core))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="wrong_name"):
        _ = servey_core.wrong_name


@pytest.mark.parametrize("name", CALLABLES)
def test_each_says_what_it_is(name: str) -> None:
    exported = getattr(servey_core, name)
    own = vars(exported).get("__doc__") if inspect.isclass(exported) else exported.__doc__
    assert own
    assert not own.startswith(f"{name}(")  # what a dataclass makes up


@pytest.mark.parametrize("name", CALLABLES)
def test_the_methods_of_each_say_what_they_do(name: str) -> None:
    exported = getattr(servey_core, name)
    for member_name, member in vars(exported).items():
        if inspect.isfunction(member) and member_name == member.__name__.lstrip("_"):
            assert inspect.getdoc(member), member_name


def test_the_module_itself_can_be_imported_again() -> None:
    assert importlib.import_module("servey_core") is servey_core
