"""Pages as a browser shows them, and as somebody uses them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from chromium import IN_BROWSER, Page, browsing
from pydantic import Field, SecretStr

from servey_core import NotFound, Redirect, WebPageTrigger, action

pytestmark = IN_BROWSER


@dataclass
class Pet:
    name: str
    note: str


PETS: list[Pet] = []


@action(triggers=WebPageTrigger("/pets/{number}"))
async def pet(number: int) -> Pet:
    if number >= len(PETS):
        raise NotFound("There is no such pet.")
    return PETS[number]


@action(triggers=WebPageTrigger("/new", method="POST", template="new.j2"))
async def add(
    name: Annotated[str, Field(min_length=2)],
    age: int,
    code: SecretStr,
    tame: bool = False,
    note: str = "",
) -> Redirect:
    PETS.append(Pet(name, f"{note} {age} {tame} {len(code.get_secret_value())}"))
    return Redirect(f"/pets/{len(PETS) - 1}")


ACTIONS = [pet, add]
TEMPLATES = {
    "pet.j2": "<!doctype html><html lang='en'><title>{{ model.name }}</title>"
    "<h1>{{ model.name }}</h1><p>{{ model.note }}</p>",
    "new.j2": "<!doctype html><html lang='en'><title>New</title><form method='post' novalidate>"
    "{{ csrf_field() }}"
    "<input name='name' value='{{ form.value('name') }}'><b id='name'>"
    "{{ form.errors.name | join }}</b>"
    "<input name='age' value='{{ form.value('age') }}'><b id='age'>{{ form.errors.age | join }}</b>"
    "<input name='code' type='password' value='{{ form.values.code }}'>"
    "<input name='tame' type='checkbox'{% if form.checked('tame') %} checked{% endif %}>"
    "<textarea name='note'>{{ form.value('note') }}</textarea><button>Add</button></form>",
}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browsing(tmp_path) as page:
        yield page


def value_of(page: Page, name: str) -> Any:
    return page.evaluate(f"document.querySelector('[name={name}]').value")


def test_a_page(app: Any, page: Page) -> None:
    PETS[:] = [Pet("Rex <b>&amp;", "<img src=x onerror=document.title=1>")]
    page.open(f"{app.url}/pets/0")
    assert page.text("h1") == "Rex <b>&amp;"
    assert page.text("p") == "<img src=x onerror=document.title=1>"
    assert page.evaluate("document.title") == "Rex <b>&amp;"
    assert page.evaluate("document.querySelectorAll('img').length") == 0


def test_a_problem(app: Any, page: Page) -> None:
    page.open(f"{app.url}/pets/999")
    assert page.text("h1") == "Not found"
    assert page.text("main > p") == "There is no such pet."
    width = "getComputedStyle(document.querySelector('main')).maxWidth"
    assert page.evaluate(width) != "none"  # its style is let in by the policy
    assert not [one for one in page.complaints if "404" not in one]


def test_a_form_with_errors_that_is_mended(app: Any, page: Page) -> None:
    PETS.clear()
    page.open(f"{app.url}/new")
    note = "</textarea><script>document.title='bad'</script>"
    page.type("[name=name]", "R")
    page.type("[name=age]", "old")
    page.type("[name=code]", "secret")
    page.type("[name=note]", note)
    page.click("[name=tame]")
    page.click("button")
    page.arrive("document.querySelector('#name')?.innerText")
    assert page.text("#name") == "String should have at least 2 characters"
    assert page.text("#age").startswith("Input should be a valid integer")
    assert (value_of(page, "name"), value_of(page, "age")) == ("R", "old")
    assert value_of(page, "code") == ""
    assert value_of(page, "note") == note
    assert page.evaluate("document.querySelector('[name=tame]').checked") is True
    assert page.evaluate("document.title") == "New"
    page.type("[name=name]", "ex")
    page.evaluate("document.querySelector('[name=age]').value = '3'")
    page.type("[name=code]", "secret")
    page.click("button")
    page.arrive("document.querySelector('p')?.innerText")
    assert page.text("p") == f"{note} 3 True 6"
    assert page.evaluate("location.pathname") == "/pets/0"
    assert [pet.name for pet in PETS] in (["Rex"], ["exR"])
