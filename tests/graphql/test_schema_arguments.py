"""What actions take, as types of GraphQL; they are given what JSON gives them everywhere."""

import enum
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from uuid import UUID

import pytest
from graphql import graphql_sync
from pydantic import AliasChoices, AnyUrl, BaseModel, Field, RootModel
from schemas import schema_of
from typing_extensions import TypeAliasType, TypedDict

from servey_core import WEB_GET, WEB_POST, Cursor, File, InvalidInput, Response, action

T = TypeVar("T")


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


class Place(NamedTuple):
    x: int
    y: int


@dataclass
class Pet:
    name: str
    born: date | None = None
    friends: "list[Pet]" = field(default_factory=list)


@dataclass
class Dog(Pet):
    """A pet that is not all told in JSON of pets."""

    breed: str = "mixed"


@dataclass
class Box(Generic[T]):
    value: T


class Part(TypedDict):
    part_no: int
    note: NotRequired[str]


def taking(annotation: Any, *, default: Any = ...) -> tuple[Any, list[Any]]:
    """An action with one parameter, and what it is given."""
    given: list[Any] = []

    def function(it: Any = default) -> None:
        given.append(it)

    if default is ...:
        function.__defaults__ = None
    function.__annotations__.update({"it": annotation, "return": None})
    return action(triggers=WEB_GET, sync_to_thread=False)(function), given


VALUES: list[tuple[Any, str, str, Any]] = [
    (str, "String!", '"Al"', "Al"),
    (int, "Int!", "3", 3),
    (Annotated[int, Field(ge=0, le=2**53)], "BigInt!", "1099511627776", 2**40),
    (float, "Float!", "1.5", 1.5),
    (float, "Float!", "2", 2.0),
    (bool, "Boolean!", "true", True),
    (datetime, "DateTime!", '"2026-05-14T09:30:00"', datetime(2026, 5, 14, 9, 30)),  # noqa: DTZ001
    (date, "Date!", '"2026-05-14"', date(2026, 5, 14)),
    (time, "Time!", '"09:30"', time(9, 30)),
    (timedelta, "Duration!", '"PT90S"', timedelta(seconds=90)),
    (Decimal, "Decimal!", '"1.10"', Decimal("1.10")),
    (Decimal, "Decimal!", "1.5", Decimal("1.5")),
    (UUID, "UUID!", f'"{UUID(int=7)}"', UUID(int=7)),
    (bytes, "Base64!", '"//4="', b"\xff\xfe"),
    (AnyUrl, "String!", '"https://example.com/a"', AnyUrl("https://example.com/a")),
    (Color, "Color!", "GREEN", Color.GREEN),
    (Literal["asc", "desc"], "AscOrDesc!", "desc", "desc"),
    (Literal["north-west"], "String!", '"north-west"', "north-west"),
    (Literal[1, 2], "Int!", "2", 2),
    (int | None, "Int = null", "null", None),
    (list[int], "[Int!]!", "[1, 2]", [1, 2]),
    (list[int], "[Int!]!", "1", [1]),
    (list[list[Color]], "[[Color!]!]!", "[[RED], []]", [[Color.RED], []]),
    (tuple[int, ...], "[Int!]!", "[1, 2]", (1, 2)),
    (set[date], "[Date!]!", '["2026-05-14"]', {date(2026, 5, 14)}),
    (tuple[int, str], "JSON!", '[1, "a"]', (1, "a")),
    (Place, "JSON!", "[1, 2]", Place(1, 2)),
    (dict[str, int], "JSON!", "{a: 1}", {"a": 1}),
    (dict[str, date], "JSON!", '{a: "2026-05-14"}', {"a": date(2026, 5, 14)}),
    (Any, "JSON = null", "{a: [1, null, true]}", {"a": [1, None, True]}),
    (int | str, "JSON!", '"a"', "a"),
    (Pet | Box[int], "JSON!", '{name: "Al"}', Pet("Al")),
    (Pet, "PetInput!", '{name: "Al", friends: {name: "Bo"}}', Pet("Al", None, [Pet("Bo")])),
    (Box[Pet], "PetBoxInput!", '{value: {name: "Al"}}', Box(Pet("Al"))),
    (Part, "PartInput!", "{partNo: 1}", {"part_no": 1}),
    (RootModel[list[int]], "[Int!]!", "[1]", RootModel[list[int]]([1])),
    (Cursor[int], "String!", '"1Mw"', 3),
    (None, "Void = null", "null", None),
]


@pytest.mark.parametrize(("annotation", "type_text", "written", "expected"), VALUES)
def test_an_argument_arrives_as_the_action_declares_it(
    annotation: Any, type_text: str, written: str, expected: Any
) -> None:
    function, given = taking(annotation)
    made = schema_of(function)

    assert made.type("Query") == f"type Query {{ function(it: {type_text}): Void }}"
    made.data(f"{{function(it: {written})}}")
    assert given == [expected]
    assert type(given[0]) is type(expected)


def test_variables_arrive_as_literals_do() -> None:
    function, given = taking(Pet)
    document = """query($it: PetInput!, $born: Date) {
        function(it: $it)
        b: function(it: {name: "B", born: $born})
    }"""
    variables = {"it": {"name": "Al", "friends": [{"name": "Bo"}]}, "born": "2026-05-14"}

    schema_of(function).data(document, variables)

    assert given == [Pet("Al", None, [Pet("Bo")]), Pet("B", date(2026, 5, 14))]


def test_json_variables_are_kept_as_they_are() -> None:
    function, given = taking(Any)
    value = {"a": [1, 2.5, "x", None, True, {"b": 2**60}]}

    schema_of(function).data("query($it: JSON) {function(it: $it)}", {"it": value})

    assert given == [value]


DEFAULTS: list[tuple[Any, Any, str]] = [
    (int, 1, "Int! = 1"),
    (int | None, 5, "Int = 5"),
    (int | None, None, "Int"),
    (str, 'a "word"', 'String! = "a \\"word\\""'),
    (Color, Color.GREEN, "Color! = GREEN"),
    (list[Color], [Color.RED], "[Color!]! = [RED]"),
    (date, date(2026, 5, 14), 'Date! = "2026-05-14"'),
    (dict[str, int], {"a": 1}, "JSON! = { a: 1 }"),
    (dict[str, int], {"no name": 1}, "JSON"),
    (bytes, b"ab", "Base64"),
    (Pet, Pet("Al"), 'PetInput! = { name: "Al", born: null, friends: [] }'),
    (Annotated[int, Field(ge=1)], 0, "Int"),
    (Pet, Dog("Rex"), "PetInput"),
]


@pytest.mark.parametrize(("annotation", "default", "expected"), DEFAULTS)
def test_a_default_is_told_where_json_has_it(annotation: Any, default: Any, expected: str) -> None:
    function, given = taking(annotation, default=default)
    made = schema_of(function)

    assert made.type("Query") == f"type Query {{ function(it: {expected}): Void }}"
    made.data("{function}")
    assert given == [default]


def test_a_default_is_of_each_call_alone() -> None:
    given = []

    @action(triggers=WEB_GET, sync_to_thread=False)
    def collect(it: list[int] = [1]) -> int:  # noqa: B006 - as users write it
        it.append(2)
        given.append(it)
        return 1

    schema_of(collect).data("{collect a: collect}")

    assert given == [[1, 2], [1, 2]]


def test_fields_of_inputs_have_defaults_and_the_names_that_they_have_in_json() -> None:
    class Book(BaseModel):
        page_count: int = 3
        shelf: str = Field("A", alias="on_shelf")
        tags: list[str] = Field(default_factory=list)
        by: str = Field(validation_alias=AliasChoices("made-by", "author"))
        note: str | None

    function, given = taking(Book)
    made = schema_of(function)

    assert made.type("BookInput") == (
        'input BookInput { pageCount: Int! = 3 onShelf: String! = "A" tags: [String!] '
        "madeBy: String! note: String = null }"
    )
    made.data('{function(it: {onShelf: "B", madeBy: "Al"})}')
    assert given == [Book(**{"on_shelf": "B", "made-by": "Al", "note": None})]


def test_arguments_have_camel_case_names() -> None:
    given = []

    @action(triggers=WEB_GET)
    def find(first_name: str, _x: int = 0) -> int:
        given.append((first_name, _x))
        return 1

    made = schema_of(find)

    assert made.type("Query") == "type Query { find(firstName: String!, _x: Int! = 0): Int }"
    assert made.data('{find(firstName: "Al")}') == {"find": 1}
    assert given == [("Al", 0)]


def test_what_is_wrong_is_told_as_in_rest() -> None:
    @action(triggers=WEB_GET)
    def find(born: date, number: Annotated[int, Field(ge=3)]) -> int:
        return 1

    problem = schema_of(find).problem('{find(born: "yesterday", number: 2)}')

    assert isinstance(problem, InvalidInput)
    assert [one.pointer for one in problem.errors] == ["#/born", "#/number"]


REFUSED = [
    (datetime, "5"),
    (timedelta, "90"),
    (UUID, "true"),
    (bytes, "[1]"),
    (date, "RED"),
    (Decimal, "true"),
    (Annotated[int, Field(le=2**60)], '"1"'),
    (Annotated[int, Field(le=2**60)], "1.5"),
    (str, "5"),
    (int, "5000000000"),
    (Color, '"RED"'),
    (Color, "BLUE"),
    (None, "1"),
    (Pet, '{name: "Al", other: 1}'),
    (Pet, "{}"),
]


@pytest.mark.parametrize(("annotation", "written"), REFUSED)
def test_another_kind_of_json_is_refused_before_anything_runs(
    annotation: Any, written: str
) -> None:
    function, given = taking(annotation)

    result = schema_of(function).ask(f"{{function(it: {written})}}")

    assert result.errors
    assert result.data is None
    assert given == []


def test_integers_beyond_64_bits_are_refused_as_in_rest() -> None:
    function, given = taking(Annotated[int, Field(ge=-(2**40))])

    problem = schema_of(function).problem(f"{{function(it: {2**63})}}")

    assert isinstance(problem, InvalidInput)
    assert given == []


def test_what_is_not_given_by_callers_is_no_argument() -> None:
    @action(triggers=WEB_GET)
    def hello(response: Response) -> str:
        response.headers["X-Hello"] = "1"
        return "hi"

    made = schema_of(hello)

    assert made.type("Query") == "type Query { hello: String }"
    assert made.data("{hello}") == {"hello": "hi"}


def test_files_arrive_as_they_were_sent() -> None:
    given: list[Any] = []

    @dataclass
    class Parcel:
        label: str
        content: File

    @action(triggers=WEB_POST)
    def send(
        one: File, more: list[File], parcel: Parcel, count: int, other: File | None = None
    ) -> int:
        given.extend([one, more, parcel, count, other])
        return 1

    made = schema_of(send)
    upload = File.of("hi", filename="a.txt")
    document = (
        "mutation($f: Upload!, $p: ParcelInput!) {send(one: $f, more: [$f], parcel: $p, count: 3)}"
    )
    made.data(document, {"f": upload, "p": {"label": "L", "content": upload}})

    assert made.type("ParcelInput") == "input ParcelInput { label: String! content: Upload! }"
    assert given == [upload, [upload], Parcel("L", upload), 3, None]


def test_a_file_may_be_written_as_json() -> None:
    given: list[File] = []

    @action(triggers=WEB_POST)
    def send(one: File) -> int:
        given.append(one)
        return 1

    schema_of(send).data('mutation{send(one: {filename: "a.txt", content: "aGk="})}')

    assert (given[0].filename, given[0].content()) == ("a.txt", b"hi")


def test_sync_documents_need_no_loop_where_actions_need_none() -> None:
    function, given = taking(int)
    made = schema_of(function)

    result = graphql_sync(made.schema, "{function(it: 1)}", context_value=made.context())

    assert result.errors is None
    assert given == [1]


def test_an_alias_that_holds_itself_is_json_inside() -> None:
    nested = TypeAliasType("nested", "list[nested]")  # type: ignore[misc]
    function, given = taking(nested)
    made = schema_of(function)

    assert made.type("Query") == "type Query { function(it: [JSON!]!): Void }"
    made.data("{function(it: [[], [[]]])}")
    assert given == [[[], [[]]]]


@pytest.mark.parametrize("planned", [False, True])
def test_arguments_may_be_called_like_what_resolvers_are_given(planned: bool) -> None:
    @action(triggers=WEB_GET)
    def told(self: int, source: int, info: int = 3) -> list[int]:
        return [self, source, info]

    made = schema_of(told, planned=planned)

    assert made.data("{told(self: 1, source: 2)}") == {"told": [1, 2, 3]}
