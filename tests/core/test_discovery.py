"""Finding an application's actions, and what is said where there are none."""

import pytest

from servey_core import ActionError, DiscoveryError, DuplicateActionError, start
from servey_core.discovery import discover

HELLO = """
from servey_core import action

@action
def say_hello(name: str) -> str:
    return f"Hello {name}!"
"""


def names(path=None):
    return [action.name for action in discover(path)]


def nested(workplace, text):
    """The names of an application's actions, nested ones too."""
    workplace.write(
        "actions.py",
        "from dataclasses import dataclass\nfrom servey_core import action\n" + text,
    )
    return sorted(start().actions)


class TestPlaces:
    def test_a_module(self, workplace):
        workplace.write("actions.py", HELLO)
        assert names() == ["say_hello"]

    def test_a_package_with_its_submodules(self, workplace):
        workplace.write("actions/__init__.py", "")
        workplace.write("actions/greeting.py", HELLO)
        workplace.write("actions/deeper/__init__.py", "")
        workplace.write("actions/deeper/still.py", HELLO.replace("hello", "goodbye"))
        assert sorted(names()) == ["say_goodbye", "say_hello"]

    def test_a_folder_without_init(self, workplace):
        workplace.write("actions/greeting.py", HELLO)
        assert names() == ["say_hello"]

    def test_a_packages_main_is_not_run(self, workplace):
        workplace.write("actions/__init__.py", HELLO)
        workplace.write("actions/__main__.py", "raise SystemExit('it ran')")
        assert names() == ["say_hello"]

    def test_several_places(self, workplace):
        workplace.write("one.py", HELLO)
        workplace.write("two.py", HELLO.replace("hello", "goodbye"))
        assert names("one, two") == ["say_hello", "say_goodbye"]

    @pytest.mark.parametrize("path", ["shop.web", "shop/web.py", "./shop/web.py"])
    def test_a_dotted_name_and_a_path_to_a_file(self, workplace, path):
        workplace.write("shop/__init__.py", "")
        workplace.write("shop/prices.py", "CURRENCY = 'EUR'")
        workplace.write("shop/web.py", "from .prices import CURRENCY\n" + HELLO)
        assert names(path) == ["say_hello"]

    def test_a_path_to_a_folder(self, workplace):
        workplace.write("elsewhere/shop/web.py", HELLO)
        assert names("elsewhere/shop") == ["say_hello"]

    def test_a_path_from_the_root(self, workplace):
        assert names(str(workplace.write("elsewhere/web.py", HELLO))) == ["say_hello"]

    def test_the_environment_says_where(self, workplace, monkeypatch):
        workplace.write("shop.py", HELLO)
        monkeypatch.setenv("SERVEY_ACTION_PATH", "shop")
        assert list(start().actions) == ["say_hello"]

    def test_pyproject_says_where(self, workplace):
        workplace.write("shop.py", HELLO)
        workplace.write("pyproject.toml", '[tool.servey]\naction_path = "shop"\n')
        assert list(start().actions) == ["say_hello"]

    def test_the_caller_says_where_before_all(self, workplace, monkeypatch):
        workplace.write("shop.py", HELLO)
        monkeypatch.setenv("SERVEY_ACTION_PATH", "nowhere")
        assert list(start("shop").actions) == ["say_hello"]


class TestWhatIsMissing:
    def test_there_is_no_module(self, workplace):
        with pytest.raises(DiscoveryError) as caught:
            discover()
        assert str(caught.value) == (
            "No actions: there is neither a file actions.py nor a package actions in "
            f"{workplace.folder}. Write one, or say where they are: "
            "SERVEY_ACTION_PATH=my_package.my_module. `servey new NAME` makes a project to start "
            "from."
        )

    @pytest.mark.parametrize("path", ["shop", "shop.web"])
    def test_there_is_no_module_of_that_name(self, workplace, path):
        with pytest.raises(DiscoveryError) as caught:
            discover(path)
        assert str(caught.value) == (
            f"There is no module {path!r} to find actions in (looked in {workplace.folder})."
        )

    @pytest.mark.usefixtures("workplace")
    def test_there_is_no_file(self):
        with pytest.raises(DiscoveryError, match=r"no file or folder 'shop/web\.py'"):
            discover("shop/web.py")

    def test_another_module_has_the_files_name(self, workplace):
        workplace.write("json.py", HELLO)
        with pytest.raises(DiscoveryError) as caught:
            discover("./json.py")
        assert "'./json.py' cannot be imported: another module is named 'json', " in str(
            caught.value
        )

    def test_an_error_in_the_module_is_raised_as_it_is(self, workplace):
        workplace.write("actions.py", "1 / 0")
        with pytest.raises(ZeroDivisionError):
            discover()

    def test_a_module_that_the_module_misses_is_not_hidden(self, workplace):
        workplace.write("actions.py", "import nowhere_to_be_found")
        with pytest.raises(ModuleNotFoundError, match="nowhere_to_be_found") as caught:
            discover()
        assert not hasattr(caught.value, "__notes__")

    @pytest.mark.parametrize("file", ["actions.py", "actions/watching.py"])
    def test_a_plugin_that_is_missing_is_suggested(self, workplace, file):
        workplace.write(file, "from servey_nowhere.triggers import NoTrigger")
        with pytest.raises(ModuleNotFoundError) as caught:
            discover()
        assert caught.value.__notes__ == ["The plugin is not installed: pip install servey-nowhere"]


class TestNames:
    def test_two_of_one_name_are_refused_with_both_places(self, workplace):
        one = workplace.write("actions/one.py", HELLO)
        two = workplace.write("actions/two.py", HELLO)
        with pytest.raises(DuplicateActionError) as caught:
            discover()
        assert str(caught.value) == (
            f"Two actions are named 'say_hello': {one}:4 and {two}:4. "
            "Give one of them another name: @action(name=...)."
        )

    def test_an_action_that_is_imported_again_is_found_once(self, workplace):
        workplace.write("actions/one.py", HELLO)
        workplace.write("actions/two.py", "from actions.one import say_hello\nagain = say_hello")
        assert names() == ["say_hello"]

    def test_a_class_that_is_imported_is_not_a_second_one(self, workplace):
        workplace.write(
            "actions/one.py",
            "from servey_core import action\n"
            "class Box:\n    @action\n    def size(self) -> int: ...\n",
        )
        workplace.write("actions/two.py", "from actions.one import Box")
        assert names() == ["box_size"]

    def test_one_name_for_the_methods_of_two_classes_is_refused(self, workplace):
        workplace.write(
            "actions.py",
            "from servey_core import action\n"
            "class Box:\n    @action(name='extent')\n    def size(self) -> int: ...\n"
            "class Crate(Box): ...\n",
        )
        with pytest.raises(DuplicateActionError, match=r"3 \(of Box\) and .*:3 \(of Crate\)\."):
            discover()


BOX = """
@dataclass
class Box:
    @action
    def size(self) -> int:
        return 1
"""


class TestNestedActions:
    @pytest.mark.parametrize(
        "result",
        [
            "Box",
            "list[Box]",
            "Box | None",
            "dict[str, tuple[Box, ...]]",
            "'Box'",
            "Shelf",
            "Page[Box]",
            "Row",
            "list[Named]",
        ],
    )
    def test_are_found_through_results(self, workplace, result):
        workplace.write(
            "boxes.py", "from dataclasses import dataclass\nfrom servey_core import action" + BOX
        )
        text = f"""
from typing import Generic, TypeVar
from typing_extensions import TypeAliasType, TypedDict
from boxes import Box

Named = TypeAliasType("Named", Box)

T = TypeVar("T")

@dataclass
class Shelf:
    boxes: list[Box]

@dataclass
class Page(Generic[T]):
    items: list[T]

class Row(TypedDict):
    box: Box

@action
def get() -> {result}: ...
"""
        assert nested(workplace, text) == ["box_size", "get"]

    def test_on_the_class_of_a_generic_result(self, workplace):
        text = """
from typing import Generic, TypeVar

T = TypeVar("T")

def declare():
    @dataclass
    class Page(Generic[T]):
        items: list[T]

        @action
        def count(self) -> int: ...
    return Page

Page = declare()
Page.__module__ = "elsewhere"

@action
def get() -> Page[int]: ...
"""
        assert nested(workplace, text) == ["get", "page_count"]

    def test_are_found_however_deep(self, workplace):
        workplace.write(
            "boxes.py",
            """
            from dataclasses import dataclass
            from servey_core import action

            @dataclass
            class Lid:
                @action
                def colour(self) -> str: ...

            @dataclass
            class Box:
                @action
                def lid(self) -> Lid: ...

                @action
                def inner(self) -> "Box | None": ...
            """,
        )
        text = "from boxes import Box\n@action\ndef get() -> Box: ...\n"
        assert nested(workplace, text) == ["box_inner", "box_lid", "get", "lid_colour"]

    def test_are_inherited(self, workplace):
        text = BOX + "\n@dataclass\nclass Crate(Box): ...\n"
        assert nested(workplace, text) == ["box_size", "crate_size"]

    @pytest.mark.parametrize("kind", ["staticmethod", "classmethod"])
    def test_other_methods_are_refused(self, workplace, kind):
        file = workplace.write(
            "actions.py",
            f"""
            from servey_core import action

            class Box:
                @{kind}
                @action
                def size(cls: int) -> int: ...
            """,
        )
        with pytest.raises(ActionError) as caught:
            discover()
        assert str(caught.value) == (
            f"Action 'size' ({file}:5): 'size' cannot be an action: a {kind}."
        )

    def test_an_annotation_that_fails_is_named_with_its_place(self, workplace):
        text = "class Box:\n    @action\n    def size(self) -> 'Nowhere': ...\n"
        with pytest.raises(ActionError, match=r"Action 'box_size' \(.*actions\.py:4\).*'Nowhere'"):
            nested(workplace, text)
