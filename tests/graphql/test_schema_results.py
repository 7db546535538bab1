"""What actions return, as types of GraphQL; its values are those that REST writes."""

import enum
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, TypeVar
from uuid import UUID

import pytest
import schemas
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    RootModel,
    computed_field,
    field_serializer,
    model_serializer,
)
from typing_extensions import TypeAliasType, TypedDict

from servey_core import WEB_GET, WEB_POST, File, Page, Redirect, action

schema_of = partial(schemas.schema_of, planned=None)
T = TypeVar("T")
Isbn = NewType("Isbn", str)


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Place(NamedTuple):
    x: int
    y: int


@dataclass
class Pet:
    """A pet.

    Attributes:
        name: What it is called.
    """

    name: str
    friend: "Pet | None" = None


@dataclass
class Owner:
    name: str
    pets: list[Pet] = field(default_factory=list)


@dataclass
class Box(Generic[T]):
    value: T


class Shelf(BaseModel, Generic[T]):
    items: list[T]


MOMENT = datetime(2026, 5, 14, 9, 30, tzinfo=UTC)
VALUES: list[tuple[Any, Any, str]] = [
    (str, "Al", "String"),
    (int, 3, "Int"),
    (Annotated[int, Field(ge=0, le=2**53)], 2**40, "BigInt"),
    (Annotated[int, Field(ge=0, le=9)], 3, "Int"),
    (float, 1.5, "Float"),
    (bool, True, "Boolean"),
    (datetime, MOMENT, "DateTime"),
    (date, date(2026, 5, 14), "Date"),
    (time, time(9, 30), "Time"),
    (timedelta, timedelta(seconds=90), "Duration"),
    (Decimal, Decimal("1.10"), "Decimal"),
    (UUID, UUID(int=7), "UUID"),
    (bytes, b"\xff\xfe", "Base64"),
    (Isbn, "978", "String"),
    (AnyUrl, AnyUrl("https://example.com/a"), "String"),
    (Literal["only"], "only", "String"),
    (Literal["north-west", "east"], "east", "String"),
    (Literal[1, 2], 2, "Int"),
    (Literal[True], True, "Boolean"),
    (Literal[1, "two"], "two", "JSON"),
    (Literal["a", "b"] | None, None, "AOrB"),
    (None, None, "Void"),
    (int | None, None, "Int"),
    (list[int], [1, 2], "[Int!]"),
    (list[int | None], [1, None], "[Int]"),
    (list[list[float]], [[1.5], []], "[[Float!]!]"),
    (tuple[int, ...], (1, 2), "[Int!]"),
    (Sequence[date], [date(2026, 5, 14)], "[Date!]"),
    (set[str], {"b", "a", "c"}, "[String!]"),
    (frozenset[date], frozenset([date(2026, 5, 14), date(2025, 5, 14)]), "[Date!]"),
    (tuple[int, str], (1, "a"), "JSON"),
    (Place, Place(1, 2), "JSON"),
    (dict[str, int], {"a": 1}, "JSON"),
    (Mapping[str, date], {"a": date(2026, 5, 14)}, "JSON"),
    (Any, {"a": [None, 1]}, "JSON"),
    (JsonValue, {"a": [None, 1]}, "JSON"),
    (int | str, "a", "JSON"),
    (Access, Access.WRITE, "JSON"),
    (dict[str, int] | None, None, "JSON"),
    (list[dict[str, int]], [{"a": 2**70}], "[JSON!]"),
    (RootModel[list[int]], RootModel[list[int]]([1]), "[Int!]"),
    (Annotated[int, PlainSerializer(hex, return_type=str)], 255, "String"),
    (Annotated[date, PlainSerializer(lambda one: one.year)], date(2026, 5, 14), "JSON"),
    (Annotated[str, "a remark"], "Al", "String"),
]
"""Types, a value of each, and what they are in GraphQL where a field may be null."""


def returning(annotation: Any, value: Any) -> Any:
    def function() -> Any:
        return value

    function.__annotations__["return"] = annotation
    return action(triggers=WEB_GET, sync_to_thread=False)(function)


@pytest.mark.parametrize(("annotation", "value", "expected"), VALUES)
def test_a_result_is_what_it_is_in_rest(annotation: Any, value: Any, expected: str) -> None:
    made = schema_of(returning(annotation, value))

    assert made.type("Query") == f"type Query {{ function: {expected} }}"
    written = made.runtime.invoker("function").signature.result_to_json(value)
    assert made.data("{function}") == {"function": json.loads(written)}


@pytest.mark.parametrize(("annotation", "value", "expected"), VALUES)
def test_so_is_a_field_of_an_object(annotation: Any, value: Any, expected: str) -> None:
    may_be_null = value is None or annotation in (Any, JsonValue) or "year" in str(annotation)
    holder = dataclass(type("Holder", (), {"__annotations__": {"it": annotation}}))
    made = schema_of(returning(holder, holder(value)))
    written = made.runtime.invoker("function").signature.result_to_json(holder(value))

    assert made.data("{function{it}}") == {"function": json.loads(written)}
    field_type = made.type("Holder").removeprefix("type Holder { it: ").removesuffix(" }")
    assert field_type.removesuffix("!") == expected
    if not isinstance(annotation, type(Annotated[int, 1])):
        assert field_type.endswith("!") is not may_be_null


def test_a_naive_moment_is_local_time() -> None:
    made = schema_of(returning(datetime, datetime(2026, 5, 14, 9, 30)))  # noqa: DTZ001
    written = made.runtime.invoker("function").signature.result_to_json
    expected = json.loads(written(datetime(2026, 5, 14, 9, 30)))  # noqa: DTZ001

    assert made.data("{function}") == {"function": expected}


def test_an_enum_has_the_names_of_its_members() -> None:
    made = schema_of(returning(list[Color], [Color.GREEN, Color.RED]))

    assert made.type("Color") == "enum Color { RED GREEN }"
    assert made.data("{function}") == {"function": ["GREEN", "RED"]}


def test_an_enum_of_numbers_is_one_too() -> None:
    assert schema_of(returning(Level, Level.HIGH)).data("{function}") == {"function": "HIGH"}


def test_a_model_may_hold_the_values_of_enums() -> None:
    class Car(BaseModel):
        model_config = ConfigDict(use_enum_values=True)

        color: Color
        was: Color | None = None

    made = schema_of(returning(Car, Car(color=Color.RED)))

    assert made.data("{function{color was}}") == {"function": {"color": "RED", "was": None}}


def test_a_literal_of_names_is_an_enum() -> None:
    made = schema_of(returning(list[Literal["asc", "desc"]], ["desc"]))

    assert made.type("AscOrDesc") == "enum AscOrDesc { asc desc }"
    assert made.data("{function}") == {"function": ["desc"]}


def test_a_value_that_is_none_of_a_literal_is_an_error() -> None:
    assert schema_of(returning(Literal["asc", "desc"], "up")).ask("{function}").errors


def test_objects_may_hold_their_like() -> None:
    made = schema_of(returning(Pet, Pet("Al", Pet("Bo"))))

    assert made.type("Pet") == "type Pet { name: String! friend: Pet }"
    assert made.data("{function{name friend{name friend{name}}}}") == {
        "function": {"name": "Al", "friend": {"name": "Bo", "friend": None}}
    }


def test_generics_are_named_by_what_is_in_them() -> None:
    made = schema_of(
        action(name="a", triggers=WEB_GET)(returning(Box[int], Box(1))),
        action(name="b", triggers=WEB_GET)(returning(Box[Pet], Box(Pet("Al")))),
        action(name="c", triggers=WEB_GET)(returning(Box[list[Pet | None]], Box([None]))),
        action(name="d", triggers=WEB_GET)(
            returning(Shelf[Box[int]], Shelf[Box[int]](items=[Box(1)]))
        ),
        action(name="e", triggers=WEB_GET)(
            returning(Box[Annotated[str, Field(max_length=9, description="a, [b]")]], Box("a"))
        ),
    )

    assert made.type("IntBox") == "type IntBox { value: Int! }"
    assert made.type("StrBox") == "type StrBox { value: String! }"
    assert made.type("PetBox") == "type PetBox { value: Pet! }"
    assert made.type("OptionalPetListBox") == "type OptionalPetListBox { value: [Pet]! }"
    assert made.type("IntBoxShelf") == "type IntBoxShelf { items: [IntBox!]! }"
    assert made.data("{b{value{name}} d{items{value}}}") == {
        "b": {"value": {"name": "Al"}},
        "d": {"items": [{"value": 1}]},
    }


def test_a_generic_model_may_be_made_without_its_arguments() -> None:
    class Crate(BaseModel, Generic[T]):
        item: T

    made = schema_of(returning(Crate[Crate[int]], Crate(item=Crate(item=1))))

    assert made.data("{function{item{item}}}") == {"function": {"item": {"item": 1}}}


def test_a_generic_of_nothing_in_particular_holds_anything() -> None:
    made = schema_of(returning(Box, Box([1, {"a": 2}])))  # type: ignore[type-arg]

    assert made.type("Box") == "type Box { value: JSON }"
    assert made.data("{function{value}}") == {"function": {"value": [1, {"a": 2}]}}


def test_fields_have_the_names_that_they_have_in_json() -> None:
    class Book(BaseModel):
        page_count: int
        shelf: str = Field(alias="on_shelf")
        kept: str = Field("s", serialization_alias="hidden-away")

    made = schema_of(returning(Book, Book(page_count=3, on_shelf="A")))

    assert made.type("Book") == (
        "type Book { pageCount: Int! onShelf: String! hiddenAway: String! }"
    )
    assert made.data("{function{pageCount onShelf hiddenAway}}") == {
        "function": {"pageCount": 3, "onShelf": "A", "hiddenAway": "s"}
    }


def test_what_json_has_not_is_no_field() -> None:
    class Account(BaseModel):
        name: str
        password: str = Field(exclude=True)

    @dataclass
    class Made:
        name: str
        seed: InitVar[int]

    made = schema_of(
        action(name="a", triggers=WEB_GET)(returning(Account, Account(name="a", password="b"))),
        action(name="b", triggers=WEB_GET)(returning(Made, Made("a", 1))),
    )

    assert made.type("Account") == "type Account { name: String! }"
    assert made.type("Made") == "type Made { name: String! }"


def test_computed_and_serialised_fields_are_what_json_has() -> None:
    class Circle(BaseModel):
        radius: float
        drawn: date
        tagged: set[str]
        left: Decimal

        @computed_field
        def area(self) -> float:
            """How much it covers."""
            return 3 * self.radius**2

        @computed_field(alias="drawn_by")
        def artist(self) -> Pet:
            return Pet("Al")

        @field_serializer("drawn")
        def year(self, drawn: date) -> int:
            return drawn.year + int(self.radius)

        @field_serializer("tagged")
        def joined(self, tagged: set[str]) -> list[str]:
            return sorted(tagged, reverse=True)

        @field_serializer("left", when_used="json")
        def anything(self, left: Decimal) -> Any:
            return {"left": str(left)}

    circle = Circle(radius=2, drawn=date(2026, 5, 14), tagged={"a", "b"}, left=Decimal(1))
    made = schema_of(returning(Circle, circle))

    assert made.type("Circle") == (
        "type Circle { radius: Float! drawn: Int! tagged: [String!]! left: JSON area: Float! "
        "drawnBy: Pet! }"
    )
    asked = made.data("{function{radius drawn tagged left area drawnBy{name}}}")
    assert asked["function"] == {
        "radius": 2.0,
        "drawn": 2028,
        "tagged": ["b", "a"],
        "left": {"left": "1"},
        "area": 12.0,
        "drawnBy": {"name": "Al"},
    }


def test_a_class_that_writes_itself_is_json() -> None:
    class Money(BaseModel):
        cents: int

        @model_serializer
        def text(self) -> str:
            return f"{self.cents / 100:.2f}"

    class Odd(BaseModel):
        cents: int

        @model_serializer
        def text(self) -> dict[str, int]:
            return {"c": self.cents}

    made = schema_of(
        action(name="a", triggers=WEB_GET)(returning(Money, Money(cents=199))),
        action(name="b", triggers=WEB_GET)(returning(list[Odd], [Odd(cents=1)])),
    )

    assert made.type("Query") == "type Query { a: String b: [JSON!] }"
    assert made.data("{a b}") == {"a": "1.99", "b": [{"c": 1}]}


def test_a_typed_dict_is_an_object() -> None:
    class Part(TypedDict):
        part_no: int
        note: NotRequired[str]
        by: NotRequired[Pet]

    made = schema_of(returning(list[Part], [{"part_no": 1}, {"part_no": 2, "note": "n"}]))

    assert made.type("Part") == "type Part { partNo: Int! note: String by: Pet }"
    assert made.data("{function{partNo note by{name}}}")["function"] == [
        {"partNo": 1, "note": None, "by": None},
        {"partNo": 2, "note": "n", "by": None},
    ]


def test_a_union_of_classes_is_a_union() -> None:
    made = schema_of(returning(list[Pet | Owner | None], [Owner("Bo"), None, Pet("Al")]))

    assert made.type("PetOrOwner") == "union PetOrOwner = Pet | Owner"
    asked = made.data("{function{__typename ... on Pet{name} ... on Owner{pets{name}}}}")
    assert asked["function"] == [
        {"__typename": "Owner", "pets": []},
        None,
        {"__typename": "Pet", "name": "Al"},
    ]


def test_a_class_that_derives_from_a_member_is_of_the_union() -> None:
    class Dog(Pet):
        pass

    made = schema_of(returning(Pet | Owner, Dog("Rex")))

    assert made.data("{function{__typename}}") == {"function": {"__typename": "Pet"}}


def test_a_stranger_to_a_union_is_an_error() -> None:
    assert schema_of(returning(Pet | Owner, Box(1))).ask("{function{__typename}}").errors


def test_a_union_that_has_a_name_keeps_it() -> None:
    being = TypeAliasType("being", Pet | Owner)  # type: ignore[misc]
    holder = dataclass(type("Holder", (), {"__annotations__": {"it": being}}))

    assert schema_of(returning(holder, None)).type("being") == "union being = Pet | Owner"


def test_a_union_with_a_discriminator_is_a_union() -> None:
    class Cat(BaseModel):
        kind: Literal["cat"] = "cat"

    class Dog(BaseModel):
        kind: Literal["dog"] = "dog"

    annotation = Annotated[Cat | Dog, Field(discriminator="kind")]
    made = schema_of(returning(annotation, Dog()))

    assert made.data("{function{... on Dog{kind}}}") == {"function": {"kind": "dog"}}


def test_a_literal_does_not_take_the_name_of_a_union() -> None:
    @dataclass
    class Filter:
        kind: Literal["pet", "owner"]

    made = schema_of(
        action(name="a", triggers=WEB_GET)(returning(Filter, Filter("pet"))),
        action(name="b", triggers=WEB_GET)(returning(Pet | Owner, Pet("Al"))),
    )

    assert made.data("{a{kind} b{__typename}}") == {
        "a": {"kind": "pet"},
        "b": {"__typename": "Pet"},
    }


def test_nor_does_a_union_take_the_name_of_a_literal() -> None:
    made = schema_of(
        action(name="a", triggers=WEB_GET)(returning(Literal["pet", "owner"], "pet")),
        action(name="b", triggers=WEB_GET)(returning(Pet | Owner, Pet("Al"))),
    )

    assert made.type("Query") == "type Query { a: PetOrOwner b: PetOrOwnerUnion }"
    assert made.data("{a b{__typename}}") == {"a": "pet", "b": {"__typename": "Pet"}}


def test_a_union_of_one_generic_is_json() -> None:
    made = schema_of(returning(Box[int] | Box[str], Box("a")))

    assert made.data("{function}") == {"function": {"value": "a"}}


def test_pages_are_connections() -> None:
    pages = {0: Page([Pet("Al"), Pet("Bo")], next=2), 2: Page([Pet("Cy")])}

    @action(triggers=WEB_GET)
    def pets(start: int = 0) -> Page[Pet]:
        return pages[start]

    made = schema_of(pets)

    assert made.type("PetConnection") == (
        "type PetConnection { edges: [PetEdge!]! nodes: [Pet!]! pageInfo: PageInfo! }"
    )
    assert made.type("PetEdge") == "type PetEdge { node: Pet! cursor: String }"
    info = "pageInfo{hasNextPage hasPreviousPage startCursor endCursor}"
    whole = f"edges{{cursor node{{name}}}} nodes{{name}} {info}"
    asked = made.data(f"{{first: pets{{{whole}}} last: pets(start: 2){{{whole}}}}}")
    cursor = asked["first"]["pageInfo"]["endCursor"]
    assert asked["first"] == {
        "edges": [
            {"cursor": None, "node": {"name": "Al"}},
            {"cursor": cursor, "node": {"name": "Bo"}},
        ],
        "nodes": [{"name": "Al"}, {"name": "Bo"}],
        "pageInfo": {
            "hasNextPage": True,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": cursor,
        },
    }
    assert cursor
    assert asked["last"]["pageInfo"]["hasNextPage"] is False
    assert asked["last"]["edges"] == [{"cursor": None, "node": {"name": "Cy"}}]


def test_pages_of_what_needs_writing_are_connections_too() -> None:
    made = schema_of(returning(Page[set[int]], Page([{2, 1}])))

    assert made.type("IntListConnection").startswith("type IntListConnection { edges: [IntListEdge")
    asked = made.data("{function{nodes edges{node}}}")
    assert asked["function"] == {"nodes": [[1, 2]], "edges": [{"node": [1, 2]}]}


def test_a_file_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x00\xff")
    made = schema_of(
        action(name="a", triggers=WEB_GET)(returning(File | None, File.at(tmp_path / "a.txt"))),
        action(name="b", triggers=WEB_GET)(returning(File, File(BytesIO(b"hi")))),
    )

    assert made.type("File") == (
        "type File { filename: String contentType: String! size: Int! content: Base64! }"
    )
    asked = made.data("{a{filename contentType size content} b{filename content}}")
    assert asked == {
        "a": {"filename": "a.txt", "contentType": "text/plain", "size": 2, "content": "AP8="},
        "b": {"filename": None, "content": "aGk="},
    }


def test_a_redirect_is_an_object() -> None:
    made = schema_of(returning(Redirect, Redirect("/there")))

    assert made.data("{function{url status}}") == {"function": {"url": "/there", "status": 303}}


def test_a_stream_is_a_list() -> None:
    @action(triggers=WEB_GET)
    async def count(limit: int) -> AsyncIterator[int]:
        for number in range(limit):
            yield number

    made = schema_of(count)

    assert made.type("Query") == "type Query { count(limit: Int!): [Int!] }"
    assert made.data("{count(limit: 3)}") == {"count": [0, 1, 2]}


def test_classes_may_be_declared_in_functions() -> None:
    @dataclass
    class Local:
        at: date

    made = schema_of(returning(Local, Local(date(2026, 5, 14))))

    assert made.data("{function{at}}") == {"function": {"at": "2026-05-14"}}


def test_inherited_fields_are_there() -> None:
    @dataclass
    class Dog(Pet):
        """A dog."""

        breed: str = ""

    made = schema_of(returning(Dog, Dog("Rex")))

    assert made.type("Dog") == "type Dog { name: String! friend: Pet breed: String! }"
    assert '"""What it is called."""' in made.sdl


def test_a_value_that_is_not_of_its_type_is_an_error() -> None:
    assert schema_of(returning(Pet, Owner("Bo"))).ask("{function{name}}").errors


def test_a_result_of_another_type_is_null_with_an_error() -> None:
    result = schema_of(returning(list[date], ["2026-05-14"])).ask("{function}")

    assert result.data == {"function": None}
    assert result.errors


def test_where_nothing_can_be_asked_for_a_field_says_so() -> None:
    @action(triggers=WEB_POST)
    def change() -> int:
        """Change it."""
        return 1

    made = schema_of(change)

    assert made.type("Query") == "type Query { _empty: Boolean }"
    assert made.data("{_empty}") == {"_empty": None}
    assert made.data("mutation{change}") == {"change": 1}


def test_an_alias_that_holds_itself_is_json_inside() -> None:
    nested = TypeAliasType("nested", "list[nested]")  # type: ignore[misc]
    made = schema_of(returning(nested, [[], [[]]]))

    assert made.type("Query") == "type Query { function: [JSON!] }"
    assert made.data("{function}") == {"function": [[], [[]]]}


def test_what_a_class_says_of_its_json_is_heeded() -> None:
    class Told(BaseModel):
        model_config = ConfigDict(ser_json_timedelta="float", ser_json_bytes="hex")

        took: timedelta
        raw: bytes
        name: str = "n"

    told = Told(took=timedelta(seconds=90), raw=b"\xff")
    made = schema_of(returning(Told, told))
    written = json.loads(made.runtime.invoker("function").signature.result_to_json(told))

    assert made.type("Told") == "type Told { took: JSON raw: JSON name: String! }"
    assert made.data("{function{took raw name}}") == {"function": written}


def test_a_field_that_its_class_hides_at_times_is_null_then() -> None:
    class Patient(BaseModel):
        age: int = Field(exclude_if=lambda age: age < 18)

    made = schema_of(returning(list[Patient], [Patient(age=20), Patient(age=9)]))

    assert made.data("{function{age}}") == {"function": [{"age": 20}, {"age": None}]}


def test_a_computed_field_may_have_a_serialiser() -> None:
    class Circle(BaseModel):
        radius: int

        @computed_field
        def area(self) -> Decimal:
            return Decimal(3) * self.radius**2

        @field_serializer("area")
        def in_words(self, area: Decimal) -> str:
            return f"{area} for {self.radius}"

    made = schema_of(returning(Circle, Circle(radius=2)))

    assert made.data("{function{area}}") == {"function": {"area": "12 for 2"}}


def test_a_member_of_a_union_may_have_several_tags() -> None:
    class Cat(BaseModel):
        kind: Literal["cat", "kitten"]

    class Dog(BaseModel):
        kind: Literal["dog"]

    annotation = Annotated[Cat | Dog, Field(discriminator="kind")]
    made = schema_of(returning(annotation, Cat(kind="kitten")))

    assert made.type("CatOrDog") == "union CatOrDog = Cat | Dog"
    assert made.data("{function{... on Cat{kind}}}") == {"function": {"kind": "kitten"}}
