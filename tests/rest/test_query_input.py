"""What comes in by the query string and the path: the annotation decides, not the text."""

import enum
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from servey_core import WEB_DELETE, WEB_GET, WebTrigger, action


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Box:
    width: int
    label: str = ""


@dataclass
class Filter:
    name: str
    box: Box | None = None


class Point(BaseModel):
    x: float
    y: float = 0.0


@action(triggers=(WEB_GET, WEB_DELETE))
def say_hello(name: str) -> str:
    return f"Hello {name}!"


@action(triggers=WEB_GET, sync_to_thread=False)
def echo(
    text: str = "",
    number: int = 0,
    ratio: float = 0.0,
    flag: bool = False,
    day: date | None = None,
    price: Decimal | None = None,
    colour: Colour | None = None,
    size: Literal[1, 2, "large"] = 1,
    either: int | str = 0,
    texts: list[str] | None = None,
    numbers: list[int] | None = None,
    box: Box | None = None,
    filter: Filter | None = None,  # noqa: A002 - the name is on the wire
    point: Point | None = None,
    points: list[Point] | None = None,
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value}


@action(triggers=WebTrigger("GET", "/boxes/{label}/{width}"))
async def find_box(label: str, width: Annotated[int, Field(ge=1)], deep: bool = False) -> Any:
    return [label, width, deep]


@action(triggers=WebTrigger("GET", "/on/{day}"))
async def on(day: date) -> date:
    return day


ACTIONS = [say_hello, echo, find_box, on]


def test_the_first_example(app: Any) -> None:
    response = app.get("/actions/say-hello?name=World")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == b'"Hello World!"'


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("text=007", {"text": "007"}),
        ("text=true", {"text": "true"}),
        ("text=a%20b+c%2Bd", {"text": "a b c+d"}),
        ("text=%C3%A9", {"text": "é"}),
        ("number=7", {"number": 7}),
        ("ratio=1e3", {"ratio": 1000.0}),
        ("flag=true", {"flag": True}),
        ("flag=1", {"flag": True}),
        ("flag=false", {}),
        ("flag=0", {}),
        ("day=2024-02-29", {"day": "2024-02-29"}),
        ("price=1.10", {"price": "1.10"}),
        ("colour=blue", {"colour": "blue"}),
        ("size=2", {"size": 2}),
        ("size=large", {"size": "large"}),
        ("either=7", {"either": "7"}),
        ("either=seven", {"either": "seven"}),
        ("texts=one", {"texts": ["one"]}),
        ("texts=1&texts=2", {"texts": ["1", "2"]}),
        ("numbers=1&numbers=2", {"numbers": [1, 2]}),
        ("box[width]=3", {"box": {"width": 3, "label": ""}}),
        ("box[label]=007&box[width]=3", {"box": {"width": 3, "label": "007"}}),
        ('filter={"name":"x"}', {"filter": {"name": "x", "box": None}}),
        ("point%5Bx%5D=1.5", {"point": {"x": 1.5, "y": 0.0}}),
        ('points=[{"x":1}]', {"points": [{"x": 1.0, "y": 0.0}]}),
        ("", {}),
    ],
)
def test_the_annotation_decides(app: Any, query: str, arguments: dict[str, Any]) -> None:
    response = app.get(f"/actions/echo?{query}")
    assert (response.status_code, response.json()) == (200, {"size": 1, **arguments})


@pytest.mark.parametrize(
    ("query", "pointer", "kind"),
    [
        ("number=1_000", "#/number", "int_parsing"),
        ("number=seven", "#/number", "int_parsing"),
        ("ratio=NaN", "#/ratio", "float_parsing"),
        ("day=2023-02-29", "#/day", "date_from_datetime_parsing"),
        ("colour=green", "#/colour", "enum"),
        ("size=3", "#/size", "literal_error"),
        ("box[label]=x", "#/box/width", "missing"),
        ("box[width]=x", "#/box/width", "int_parsing"),
        ("box[width]=1_000", "#/box/width", "int_parsing"),
        ("numbers=1&numbers=1_000", "#/numbers/1", "int_parsing"),
        ("point[x]=1_000", "#/point/x", "float_parsing"),
        ("price=1_000", "#/price", "decimal_parsing"),
        ("flag=yes", "#/flag", "bool_parsing"),
        ("flag=True", "#/flag", "bool_parsing"),
        ("day=0", "#/day", "date_type"),
        ("number=9223372036854775808", "#/number", "less_than_equal"),
        ("box[width]=1&box[height]=2", "#/box/height", "unexpected_keyword_argument"),
        ('filter={"box":{"width":3}}', "#/filter/name", "missing"),
        ("filter[name]=x", "#/filter%5Bname%5D", "extra_forbidden"),
        ("numbers=1&numbers=x", "#/numbers/1", "int_parsing"),
        ("text=a&text=b", "#/text", "given_twice"),
        ("unknown=1", "#/unknown", "extra_forbidden"),
    ],
)
def test_one_entry_for_a_bad_field(app: Any, query: str, pointer: str, kind: str) -> None:
    response = app.get(f"/actions/echo?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    [error] = response.json()["errors"]
    assert (error["pointer"], error["type"]) == (pointer, kind)


def test_every_bad_field_is_named(app: Any) -> None:
    errors = app.get("/actions/echo?number=x&day=y&flag=z").json()["errors"]
    assert [one["pointer"] for one in errors] == ["#/number", "#/flag", "#/day"]


@pytest.mark.parametrize("query", ["text=%FF", "text=%00", "points=[", "points=[NaN]"])
def test_what_cannot_be_read_is_a_bad_request(app: Any, query: str) -> None:
    response = app.get(f"/actions/echo?{query}")
    assert (response.status_code, response.json()["title"]) == (400, "Bad request")


def test_delete_reads_the_query_string(app: Any) -> None:
    assert app.client.delete("/actions/say-hello?name=World").json() == "Hello World!"


def test_path_parameters_are_typed(app: Any) -> None:
    assert app.get("/boxes/007/7?deep=true").json() == ["007", 7, True]
    assert app.get("/boxes/a%2Fb%20c/7").json() == ["a/b c", 7, False]
    assert app.get("/on/2024-02-29").json() == "2024-02-29"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [("/boxes/x/seven", "#/width"), ("/boxes/x/0", "#/width"), ("/boxes/x/1?width=2", "#/width")],
)
def test_a_bad_path_parameter_is_named(app: Any, path: str, pointer: str) -> None:
    response = app.get(path)
    assert response.status_code == 422
    assert [one["pointer"] for one in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize("path", ["/boxes/%FF/1", "/boxes/%00/1"])
def test_a_path_that_cannot_be_read_is_a_bad_request(app: Any, path: str) -> None:
    assert app.get(path).status_code == 400


def test_head_answers_like_get_without_content(app: Any) -> None:
    response = app.client.head("/actions/say-hello?name=World")
    assert response.status_code == 200
    assert response.headers["content-length"] == "14"
    assert response.content == b""


def test_another_method_is_told_which_there_are(app: Any) -> None:
    response = app.client.put("/actions/say-hello")
    assert response.status_code == 405
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"


@pytest.mark.parametrize("name", ["say-goodbye", "say-hello/", "Say-Hello"])
def test_an_unknown_path_is_a_problem(app: Any, name: str) -> None:
    response = app.get(f"/actions/{name}?name=World")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:servey:problem:not-found"
