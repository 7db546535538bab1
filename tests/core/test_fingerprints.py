"""A short name for the arguments of a call."""

import enum
import subprocess
import sys
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from ipaddress import ip_address
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from servey_core.fingerprints import fingerprint


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


class Pair(NamedTuple):
    left: int
    right: int


@dataclass
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True, slots=True)
class Frozen:
    x: int


class Login(BaseModel):
    name: str
    password: SecretStr = SecretStr("")
    note: str = Field("", exclude=True)


NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)

DISTINCT: list[Any] = [
    None,
    False,
    True,
    0,
    1,
    1.0,
    -0.0,
    0.0,
    "1",
    b"1",
    "",
    b"",
    [],
    (),
    {},
    set(),
    [1],
    (1,),
    {1},
    {1: 1},
    [[]],
    [[], []],
    [[[]]],
    [b"a", b"b"],
    [b"abytes b"],
    ["a", "b"],
    ["ab"],
    ["a", ["b"]],
    {"a": {"b": 1}},
    {"a": "b", "c": 1},
    Colour.RED,
    Colour.BLUE,
    Level.LOW,
    Pair(1, 2),
    (1, 2),
    Point(1),
    Point(1, 2),
    Frozen(1),
    Decimal("1.0"),
    Decimal("1.00"),
    Fraction(1),
    NOON,
    NOON.astimezone(timezone(timedelta(hours=1))),
    NOON.astimezone(ZoneInfo("Europe/Berlin")),
    NOON.replace(tzinfo=None),
    NOON.replace(fold=1),
    date(2024, 2, 29),
    time(12),
    timedelta(1),
    UUID(int=1),
    PurePosixPath("a"),
    ip_address("127.0.0.1"),
    Login(name="ann"),
    Login(name="ann", password=SecretStr("one")),
    Login(name="ann", password=SecretStr("two")),
    Login(name="ann", note="one"),
    SecretStr("one"),
    OrderedDict(a=1),
    OrderedDict(a=2),
    defaultdict(list, a=[1]),
    defaultdict(list, a=[2]),
    int,
    len,
]

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("one", DISTINCT, ids=repr)
def test_the_same_again_has_the_same_name(one: Any) -> None:
    assert fingerprint({"a": one}) == fingerprint({"a": one})
    assert len(fingerprint({"a": one})) == 32


def test_whatever_differs_has_another_name() -> None:
    for one, other in combinations(DISTINCT, 2):
        assert fingerprint({"a": one}) != fingerprint({"a": other}), (one, other)


def test_names_of_arguments_count_and_their_order_does_not() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1, "b": 2}) != fingerprint({"a": 2, "b": 1})
    assert fingerprint({"a": 1}) != fingerprint({"b": 1})


def test_it_is_of_the_values_not_of_the_objects() -> None:
    text = "ab"
    equal = [letter.lower() for letter in ("AB", "Ab")]
    assert fingerprint({"a": [text, text]}) == fingerprint({"a": equal})
    assert fingerprint({"a": Point(1)}) == fingerprint({"a": Point(1)})


def test_a_class_of_a_function_will_do() -> None:
    @dataclass
    class Local:
        x: int

    assert fingerprint({"a": Local(1)}) == fingerprint({"a": Local(1)})
    assert fingerprint({"a": Local(1)}) != fingerprint({"a": Local(2)})


@given(PLAIN, PLAIN)
def test_the_name_tells_plain_values_as_their_text_does(one: Any, other: Any) -> None:
    """`repr` tells 1 from True and 0.0 from -0.0, and finds NaN equal to itself."""
    same = fingerprint({"a": one}) == fingerprint({"a": other})
    assert same is (repr(one) == repr(other))


@given(st.lists(st.text()))
def test_parts_cannot_run_together(parts: list[str]) -> None:
    joined = ["".join(parts)]
    assert (fingerprint({"a": parts}) == fingerprint({"a": joined})) is (parts == joined)


def test_every_process_gives_the_same_name() -> None:
    script = (
        "from servey_core.fingerprints import fingerprint\n"
        "from datetime import datetime, UTC\n"
        "words = set('tea cake rye oats salt milk'.split())\n"
        "print(fingerprint({'a': words, 'b': frozenset(words), 'c': datetime.max}).hex())"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(names) == 1


def test_what_has_no_state_to_compare_is_refused() -> None:
    with Path(__file__).open("rb") as file, pytest.raises(TypeError, match="BufferedReader"):
        fingerprint({"a": file})
    assert fingerprint({"a": BytesIO(b"1")}) != fingerprint({"a": BytesIO(b"2")})
