"""Schemas say what is taken and given, no more and no less."""

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from unittest.mock import ANY

import jsonschema
import pytest
from pydantic import BaseModel, Field

from servey_core import WEB_POST, action


@dataclass
class Circle:
    radius: float
    kind: Literal["circle"] = "circle"


@dataclass
class Square:
    side: float
    kind: Literal["square"] = "square"


@action(triggers=WEB_POST)
def take(
    moment: datetime | None = None,
    at: time | None = None,
    price: Decimal | None = None,
    short: Annotated[Decimal, Field(max_digits=3, decimal_places=1)] | None = None,
    data: bytes | None = None,
    few: Annotated[bytes, Field(min_length=1, max_length=2)] | None = None,
    wait: timedelta | None = None,
    number: int | None = None,
    shape: Annotated[Circle | Square, Field(discriminator="kind")] | None = None,
) -> None: ...


ACTIONS = [take]


@pytest.fixture(scope="module")
def validator(started: Any) -> Any:
    document = json.loads(started(ACTIONS).generate("openapi")[0].text)
    body = document["paths"]["/actions/take"]["post"]["requestBody"]
    schema = {
        **body["content"]["application/json"]["schema"],
        "components": document["components"],
    }
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=checker)


GOOD = {
    "at": ["09:30", "09:30:00", "23:59:59.123456", "09:30:00Z", "09:30+02:00"],
    "price": ["1", "-1.50", ".5", 2, 2.5],
    "short": ["99.9", 1],
    "data": ["", "/+8=", "_-8="],
    "few": ["eA==", "eHg="],
    "wait": ["PT1.5S", "-P1DT0.000005S", "P1Y35DT5S", "P2W", "P1M", "PT0S", "+PT1H30M"],
    "number": [2**63 - 1, -(2**63)],
    "shape": [{"kind": "circle", "radius": 1}, {"kind": "square", "side": 1.5}],
}
BAD = {
    "at": ["24:00", "9:30", "09:30 Uhr", "0", 5],
    "price": ["", ".", "one", "1e5000", "NaN", True],
    "data": [5, "text.", "abc", "//8"],
    "few": ["", "eHh4eHh4"],
    "wait": ["P", "PT", "1.5", "P1", 5],
    "number": ["1", 1.5],
    "shape": [{"radius": 1}, {"kind": "circle", "side": 1}, {"kind": "oval"}],
}


def pairs(values: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, one) for name, several in values.items() for one in several]


@pytest.mark.parametrize(("name", "value"), pairs(GOOD))
def test_what_is_taken_fits_the_schema(validator: Any, app: Any, name: str, value: Any) -> None:
    body = {name: value}
    assert not list(validator.iter_errors(body))
    assert app.post("/actions/take", json.dumps(body).encode()).status_code == 200


@pytest.mark.parametrize(("name", "value"), pairs(BAD))
def test_what_is_refused_does_not_fit_the_schema(
    validator: Any, app: Any, name: str, value: Any
) -> None:
    body = {name: value}
    assert list(validator.iter_errors(body))
    if value != "1e5000":  # it is a number, only one that nobody should send
        assert app.post("/actions/take", json.dumps(body).encode()).status_code == 422


class Count(BaseModel):
    number: int
    data: bytes


class Wide(BaseModel):
    number: Annotated[int, Field(le=2**80)]


@action(triggers=WEB_POST)
def keep(count: Count) -> Count: ...


@action(triggers=WEB_POST)
def widen(wide: Wide) -> dict[str, int]: ...


def test_integers_that_come_in_have_64_bits(started: Any) -> None:
    document = json.loads(started([keep, widen]).generate("openapi")[0].text)
    schemas = document["components"]["schemas"]
    assert set(schemas) == {"Count", "Problem", "Wide"}  # and no CountInput
    assert schemas["Count"]["properties"] == {
        "number": {"type": "integer", "format": "int64"},
        "data": {"type": "string", "contentEncoding": "base64", "pattern": ANY},
    }
    assert "format" not in schemas["Wide"]["properties"]["number"]
    answer = document["paths"]["/actions/widen"]["post"]["responses"]["200"]
    result = answer["content"]["application/json"]["schema"]
    assert result["additionalProperties"] == {"type": "integer"}
