"""What pages take from paths and queries, as REST does, and as browsers send it."""

from enum import Enum
from typing import Any

import pytest
from asking import BROWSER
from serving import by_rest, needs_rest

from servey_core import WEB_GET, WebPageTrigger, action


class Kind(Enum):
    CAT = "cat"
    DOG = "dog"


@action(triggers=[WebPageTrigger("/pets/{number}", template="shown.j2"), *by_rest(WEB_GET)])
async def pet(number: int, kind: Kind = Kind.CAT) -> list[Any]:
    return [number, kind.value]


@action(triggers=WebPageTrigger("/search", template="shown.j2"))
async def search(
    most: int = 10,
    text: str | None = None,
    least: int | None = 5,
    word: str = "all",
    deep: bool = True,
    kind: Kind | None = None,
) -> list[Any]:
    return [most, text, least, word, deep, kind and kind.value]


@action(triggers=WebPageTrigger("/needed", template="shown.j2"))
async def needed(number: int, text: str, maybe: int | None) -> list[Any]:
    return [number, text, maybe]


ACTIONS = [pet, search, needed]
TEMPLATES = {"shown.j2": "{{ model | tojson }}"}
JSON = {"Accept": "application/json"}


def test_a_parameter_of_the_path_is_of_its_type(app: Any) -> None:
    assert app.get("/pets/7").text == '[7, "cat"]'
    assert app.get("/pets/7?kind=dog").text == '[7, "dog"]'


@needs_rest
def test_what_is_wrong_is_told_as_rest_tells_it(app: Any) -> None:
    page = app.client.get("/pets/seven?kind=bird", headers=JSON)
    rest = app.client.get("/actions/pet?number=seven&kind=bird", headers=JSON)
    assert page.status_code == rest.status_code == 422
    assert page.json()["errors"] == rest.json()["errors"]
    assert len(page.json()["errors"]) == 2


@pytest.mark.parametrize("added", ["utm_source=mail&fbclid=a%26b", "ref", "[text]=b", "=b"])
def test_what_others_add_to_a_link_is_no_input(app: Any, added: str) -> None:
    assert app.get(f"/pets/7?{added}").text == '[7, "cat"]'
    assert app.get(f"/pets/7?{added}&kind=dog").text == '[7, "dog"]'
    assert app.get(f"/needed?number=1&text=&{added}").text == '[1, "", null]'
    wrong = app.client.get(f"/pets/7?kind=bird&{added}", headers=JSON)
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["#/kind"]


def test_what_is_wrong_is_a_page_for_a_browser(app: Any) -> None:
    answer = app.client.get("/pets/seven", headers=BROWSER)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "#/number" in answer.text


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", '[10, null, 5, "all", true, null]'),
        ("most=&text=&least=&word=&kind=", '[10, null, 5, "", true, null]'),
        ("most&kind", '[10, null, 5, "all", true, null]'),
        ("deep=on&text=on", '[10, "on", 5, "all", true, null]'),
        ("deep=false", '[10, null, 5, "all", false, null]'),
        ("most=3&text=+&kind=dog", '[3, " ", 5, "all", true, "dog"]'),
        ("text=a%26b&most=", '[10, "a\\u0026b", 5, "all", true, null]'),
    ],
)
def test_an_empty_text_is_none_where_no_text_is_taken(app: Any, query: str, read: str) -> None:
    assert app.get(f"/search?{query}").text == read


def test_an_empty_text_for_what_is_needed(app: Any) -> None:
    assert app.get("/needed?number=1&text=&maybe=").text == '[1, "", null]'
    assert app.get("/needed?number=1&text=").text == '[1, "", null]'
    answer = app.client.get("/needed?number=&text=", headers=JSON)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/number"]


def test_a_query_that_cannot_be_read(app: Any) -> None:
    assert app.get("/search?text=%ff").status_code == 400
    assert app.get("/search?text=a&text=b").status_code == 422
