"""What schemas are called: the same, whatever other actions there are."""

import enum
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, PlainSerializer
from typing_extensions import TypedDict

from servey_core import WEB_POST, action

TOUR = Path(__file__).parents[2] / "examples" / "tour" / "actions"
ItemT = TypeVar("ItemT")


class Colour(enum.Enum):
    RED = "red"


class Plain(BaseModel):
    name: str


class WithDefault(BaseModel):
    name: str = ""


class Around(BaseModel):
    inside: WithDefault


@dataclass
class Closed:
    name: str


@dataclass
class Tree:
    branches: list["Tree"] = field(default_factory=list)


class PlainTree(BaseModel):
    branches: list["PlainTree"]


class WithDefaultInput(BaseModel):
    name: str


class DraftInput(BaseModel):
    name: str = ""


class Point(TypedDict):
    x: float


class Envelope(BaseModel, Generic[ItemT]):
    item: ItemT


@dataclass
class Box(Generic[ItemT]):
    items: list[ItemT]


class Hidden(BaseModel):
    name: str = ""


class Hiding(BaseModel):
    hidden: Annotated[Hidden, PlainSerializer(lambda hidden: hidden.name, return_type=str)]


class Problem(BaseModel):
    level: int


def taking(annotation: Any, name: str = "") -> Any:
    def take(one: Any) -> None: ...

    take.__annotations__["one"] = annotation
    return action(triggers=WEB_POST, name=name or "take")(take)


def giving(annotation: Any, name: str = "") -> Any:
    def give() -> Any: ...

    give.__annotations__["return"] = annotation
    return action(triggers=WEB_POST, name=name or "give")(give)


def document(started: Any, *functions: Any) -> Any:
    return json.loads(started(functions).generate("openapi")[0].text)


def names(started: Any, *functions: Any) -> set[str]:
    return set(document(started, *functions)["components"]["schemas"]) - {"Problem"}


@pytest.mark.parametrize(
    ("annotation", "coming_in", "going_out"),
    [
        (Plain, {"Plain"}, {"Plain"}),
        (Colour, {"Colour"}, {"Colour"}),
        (WithDefault, {"WithDefaultInput"}, {"WithDefault"}),
        (Around, {"AroundInput", "WithDefaultInput"}, {"Around", "WithDefault"}),
        (Closed, {"ClosedInput"}, {"Closed"}),
        (Point, {"PointInput"}, {"Point"}),
        (Tree, {"TreeInput"}, {"Tree"}),
        (PlainTree, {"PlainTree"}, {"PlainTree"}),
        (DraftInput, {"DraftInput"}, {"DraftInputOutput"}),
        (Envelope[int], {"IntEnvelope"}, {"IntEnvelope"}),
        (Envelope[Plain], {"PlainEnvelope", "Plain"}, {"PlainEnvelope", "Plain"}),
        (Envelope[dict[str, Colour]], {"StrColourDictEnvelope", "Colour"}, None),
        (Box[Plain], {"PlainBoxInput", "Plain"}, {"PlainBox", "Plain"}),
        (Hiding, {"HidingInput", "HiddenInput"}, {"Hiding"}),
    ],
    ids=lambda one: str(sorted(one) if isinstance(one, set) else one),
)
def test_a_name_is_the_types_own(
    started: Any, annotation: Any, coming_in: set[str], going_out: set[str] | None
) -> None:
    going_out = coming_in if going_out is None else going_out
    assert names(started, taking(annotation)) == coming_in
    assert names(started, giving(annotation)) == going_out
    assert names(started, giving(annotation), taking(annotation)) == coming_in | going_out


def test_results_may_get_further_members_and_input_may_not(started: Any) -> None:
    schemas = document(started, giving(Closed), taking(Closed))["components"]["schemas"]
    assert schemas["ClosedInput"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["Closed"]


def other_module(name: str, **classes: Any) -> dict[str, Any]:
    for one in classes.values():
        one.__module__ = name
    return classes


def test_types_of_one_name_have_their_modules_before_it(started: Any) -> None:
    class Plain(BaseModel):
        size: int

    first, second = giving(globals()["Plain"], "first"), giving(Plain, "second")
    here = f"{__name__}."
    found = names(started, first, second)
    assert found == {
        f"{here}Plain",
        f"{here}test_types_of_one_name_have_their_modules_before_it.Plain",
    }
    assert names(started, second, first) == found


def test_types_that_nothing_tells_apart_are_numbered(started: Any) -> None:
    def made() -> type[BaseModel]:
        class Local(BaseModel):
            name: str

        return Local

    found = document(started, giving(made(), "first"), giving(made(), "second"))
    place = f"{__name__}.test_types_that_nothing_tells_apart_are_numbered.made.Local"
    assert set(found["components"]["schemas"]) >= {place, f"{place}-2"}


def test_a_class_of_that_name_goes_before_the_input_of_another(started: Any) -> None:
    found = names(started, taking(WithDefault, "a"), giving(WithDefault, "b"))
    assert found == {"WithDefault", "WithDefaultInput"}
    found = names(
        started,
        taking(WithDefault, "a"),
        giving(WithDefault, "b"),
        taking(WithDefaultInput, "c"),
    )
    assert found == {"WithDefault", "WithDefaultInput", f"{__name__}.WithDefaultInput"}


def test_problems_are_called_problems_in_any_case(started: Any) -> None:
    schemas = document(started, giving(Problem))["components"]["schemas"]
    assert schemas[f"{__name__}.Problem"]["required"] == ["level"]
    assert "status" in schemas["Problem"]["required"]


def load_tour() -> Iterator[Callable[..., Any]]:
    for file in sorted(TOUR.glob("[a-z]*.py")):
        name = f"tour_of_names_{file.stem}"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from (one for one in vars(module).values() if hasattr(one, "servey_action"))


TOURED = list(load_tour())


def described(document: Any) -> dict[str, Any]:
    """Each operation with all the components that it refers to."""
    operations = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            reached: dict[str, Any] = {}
            pending = [operation]
            while pending:
                for one in references(pending.pop()):
                    if one not in reached:
                        kind, name = one.split("/")[-2:]
                        reached[one] = document["components"][kind][name]
                        pending.append(reached[one])
            operations[f"{method} {path}"] = operation, reached
    return operations


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from references(part)


@pytest.fixture(scope="module")
def toured(started: Any) -> dict[str, Any]:
    return described(document(started, *TOURED))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(chosen=st.lists(st.sampled_from(TOURED), min_size=1, max_size=12, unique=True))
def test_actions_look_the_same_whatever_others_there_are(
    started: Any, toured: dict[str, Any], chosen: list[Any]
) -> None:
    for operation, found in described(document(started, *chosen)).items():
        assert found == toured[operation]
