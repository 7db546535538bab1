"""What comes in by a JSON body, strictly; and with a path beside it."""

import enum
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from servey_core import WEB_PATCH, WEB_POST, WEB_PUT, WebTrigger, action

SETTINGS = {"max_body_bytes": 300_000}


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Pet:
    name: str
    age: int = 3


@action(triggers=(WEB_POST, WEB_PUT, WEB_PATCH), sync_to_thread=False)
def echo(
    text: str = "",
    number: int = 0,
    ratio: float = 0.0,
    flag: bool = False,
    day: date | None = None,
    colour: Colour | None = None,
    pets: list[Pet] | None = None,
    anything: Any = None,
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value}


@action(triggers=WebTrigger("PUT", "/pets/{pet_id}"))
async def put_pet(pet_id: int, pet: Pet, tags: list[str] | None = None) -> Any:
    return [pet_id, pet, tags]


@action(triggers=WebTrigger("POST", "/pets/{pet_id}/feed"))
async def feed(pet_id: int) -> int:
    return pet_id


@action(triggers=WEB_POST)
async def required(name: str, age: int) -> str:
    return name * age


ACTIONS = [echo, put_pet, feed, required]
ECHO = "/actions/echo"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"text": "007", "number": 7, "ratio": 2, "flag": True},
        {"day": "2024-02-29", "colour": "red"},
        {"pets": [{"name": "Rex", "age": 4}]},
        {"text": "\U0001f642 \u0000"},
        {"anything": {"a": [1, None, "x"]}},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_reads_json(app: Any, method: str, arguments: dict[str, Any]) -> None:
    response = app.client.request(method, ECHO, json=arguments)
    assert (response.status_code, response.json()) == (200, arguments)


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ('"number": "5"', "int_type"),
        ('"number": true', "int_type"),
        ('"number": 5.5', "int_type"),
        ('"flag": 1', "bool_type"),
        ('"flag": "true"', "bool_type"),
        ('"text": 5', "string_type"),
        ('"ratio": "1"', "float_type"),
        ('"colour": "green"', "enum"),
        ('"unknown": 1', "extra_forbidden"),
    ],
)
def test_nothing_is_coerced(app: Any, member: str, kind: str) -> None:
    response = app.post(ECHO, b"{%b}" % member.encode())
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["pointer"] == "#/" + member.split('"')[1]
    assert error["type"] == kind


def test_a_nested_field_is_pointed_at(app: Any) -> None:
    response = app.client.post(ECHO, json={"pets": [{"name": "Rex"}, {"age": "x", "extra": 1}]})
    errors = [(one["pointer"], one["type"]) for one in response.json()["errors"]]
    assert sorted(errors) == [
        ("#/pets/1/age", "int_type"),
        ("#/pets/1/extra", "unexpected_keyword_argument"),
        ("#/pets/1/name", "missing"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"ratio": NaN}',
        b'{"ratio": Infinity}',
        b'{"ratio": 1e999}',
        b'{"ratio": -1e999}',
        b'{"anything": [1e999]}',
        b'{"text": "a", "text": "b"}',
        b'{"anything": {"a": 1, "a": 2}}',
        b'{"text": "\\ud800"}',
        b'{"anything": ["\\udc00\\ud800"]}',
        b'{"text": "\xff"}',
        b'\xef\xbb\xbf{"text": "a"}',
        '{"text": "a"}'.encode("utf-16"),
        b'{"anything": ' + b"[" * 100_000,
        b'{"anything": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"text": "a"} {}',
        b'{"text": "\t"}',
        b" ",
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_what_is_no_strict_json_is_a_bad_request(app: Any, body: bytes) -> None:
    response = app.post(ECHO, body)
    assert (response.status_code, response.json()["title"]) == (400, "Bad request")


@pytest.mark.parametrize("number", ["1" * 5000, "1e400"])
def test_a_number_beyond_reason_is_refused(app: Any, number: str) -> None:
    assert app.post(ECHO, f'{{"number": {number}}}'.encode()).status_code in {400, 422}


def test_a_number_without_a_fraction_is_an_integer(app: Any) -> None:
    assert app.post(ECHO, b'{"number": 5.0}').content == b'{"number":5}'


def test_an_integer_of_64_bits_is_exact(app: Any) -> None:
    for number in (2**63 - 1, -(2**63)):
        assert app.client.post(ECHO, json={"number": number}).json() == {"number": number}


@pytest.mark.parametrize(
    ("number", "kind", "detail"),
    [
        (2**63, "less_than_equal", "Input should be less than or equal to 9223372036854775807"),
        (-(7**400), "greater_than_equal", None),
    ],
)
def test_a_larger_integer_is_refused(app: Any, number: int, kind: str, detail: str | None) -> None:
    response = app.client.post(ECHO, json={"number": number})
    [error] = response.json()["errors"]
    assert (response.status_code, error["pointer"], error["type"]) == (422, "#/number", kind)
    assert detail in (None, error["detail"])


@pytest.mark.parametrize(("items", "told"), [(1000, 100), (100_000, 1)])
def test_a_refusal_is_no_flood(app: Any, items: int, told: int) -> None:
    response = app.post(ECHO, b'{"pets": [' + b"1," * items + b"1]}")
    assert response.status_code == 422
    assert len(response.json()["errors"]) == told


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null", b"true"])
def test_a_body_that_is_no_object_is_invalid(app: Any, body: bytes) -> None:
    response = app.post(ECHO, body)
    assert response.status_code == 422
    assert [one["pointer"] for one in response.json()["errors"]] == ["#"]


def test_no_body_is_no_arguments(app: Any) -> None:
    assert app.client.post(ECHO).json() == {}
    response = app.client.post("/actions/required")
    assert response.status_code == 422
    errors = [(one["pointer"], one["type"]) for one in response.json()["errors"]]
    assert errors == [("#/name", "missing"), ("#/age", "missing")]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/merge-patch+json",
    ],
)
def test_content_types_of_json(app: Any, content_type: str) -> None:
    assert app.post(ECHO, b'{"number": 1}', content_type).json() == {"number": 1}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "json",
    ],
)
def test_other_content_types_are_refused(app: Any, content_type: str) -> None:
    response = app.post(ECHO, b'{"number": 1}', content_type)
    assert (response.status_code, response.json()["title"]) == (415, "Unsupported media type")


def test_a_missing_content_type_is_refused(app: Any) -> None:
    request = b"POST /actions/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
    answer = app.exchange(request + b"Connection: close\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 415 ")


def test_a_body_beyond_the_limit_is_refused(app: Any) -> None:
    response = app.post(ECHO, json.dumps({"text": "x" * 300_000}).encode())
    assert (response.status_code, response.json()["limit"]) == (413, 300_000)


def test_a_body_without_a_declared_length_is_bounded_too(app: Any) -> None:
    parts = (b"x" * 100_000 for _ in range(5))
    headers = {"Content-Type": "application/json"}
    assert app.client.post(ECHO, content=parts, headers=headers).status_code == 413


def test_the_path_is_text_and_the_body_is_json(app: Any) -> None:
    response = app.client.put("/pets/7", json={"pet": {"name": "Rex"}, "tags": ["good"]})
    assert response.json() == [7, {"name": "Rex", "age": 3}, ["good"]]
    assert app.client.post("/pets/8/feed").json() == 8


def test_path_and_body_are_refused_together(app: Any) -> None:
    response = app.client.put("/pets/seven", json={"pet": {"name": 4}, "pet_id": 7})
    errors = [(one["pointer"], one["type"]) for one in response.json()["errors"]]
    assert sorted(errors) == [
        ("#/pet/name", "string_type"),
        ("#/pet_id", "extra_forbidden"),
        ("#/pet_id", "int_parsing"),
    ]


def test_a_query_string_beside_a_body_is_refused(app: Any) -> None:
    response = app.client.post(f"{ECHO}?text=x&text=y&number=1", json={})
    assert response.status_code == 422
    errors = [(one["pointer"], one["type"]) for one in response.json()["errors"]]
    assert errors == [("#/text", "extra_forbidden"), ("#/number", "extra_forbidden")]
