"""Forms: shown empty, sent, shown again with what is wrong, and left for another page."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
from asking import BROWSER, Elements, token_in
from pydantic import Field, SecretStr

from servey_core import (
    ALLOW_AUTHENTICATED,
    FieldError,
    File,
    Idempotency,
    InvalidInput,
    NotFound,
    Redirect,
    WebPageTrigger,
    action,
)


@dataclass
class Address:
    street: str
    number: int


@dataclass
class Pet:
    number: int
    name: str
    age: int = 1


PETS: dict[int, Pet] = {}


@action(triggers=WebPageTrigger("/new", method="POST", template="new.j2"))
async def add_pet(
    name: Annotated[str, Field(min_length=2, max_length=20)],
    age: int,
    vaccinated: bool = True,
    tags: list[str] | None = None,
    colours: list[str] = [],  # noqa: B006 - it is not changed
) -> Redirect:
    if name == "Hitler":
        raise InvalidInput("Not here.", errors=[FieldError("#/name", "It is taken.", "taken")])
    PETS[len(PETS)] = Pet(len(PETS), f"{name}/{vaccinated}/{tags}/{colours}", age)
    return Redirect(f"/pets/{len(PETS) - 1}")


@action(triggers=WebPageTrigger("/pets/{number}", template="edit.j2"))
async def edit_pet(number: int) -> Pet:
    if number not in PETS:
        raise NotFound("There is no such pet.")
    return PETS[number]


@action(triggers=WebPageTrigger("/pets/{pet}", method="POST", template="edit.j2"))
async def save_pet(pet: int, name: str, age: int) -> Pet:
    PETS[pet] = Pet(pet, name, age)
    return PETS[pet]


@action(triggers=WebPageTrigger("/secret", method="POST"))
async def sign_in(user: str, code: SecretStr, pin: int, word: str, my_password: str = "") -> str:
    return user


@action(triggers=WebPageTrigger("/kept/{shelf}", method="POST", template="kept.j2", status=201))
async def keep(shelf: str, picture: File, where: Address, note: str = "") -> str:
    return f"{shelf}: {picture.filename} {len(picture.content())} {where.street} {note}"


@action(
    triggers=WebPageTrigger("/guarded", method="POST", template="plain.j2"),
    access_control=ALLOW_AUTHENTICATED,
)
async def guarded(text: str) -> str:
    return text


@action(
    triggers=WebPageTrigger("/small", method="POST", template="plain.j2", max_body_bytes=200),
    idempotency=Idempotency(),
)
async def small(text: str) -> str:
    return text


ACTIONS = [add_pet, edit_pet, save_pet, sign_in, keep, guarded, small]
FIELD = (
    "{% macro field(form, name, default='', type='text') %}<label>{{ name }}"
    "<input name='{{ name }}' type='{{ type }}' value='{{ form.value(name, default) }}'></label>"
    "{% for error in form.errors[name] %}<b>{{ name }}: {{ error }}</b>{% endfor %}{% endmacro %}"
)
TEMPLATES = {
    "fields.j2": FIELD,
    "new.j2": "{% from 'fields.j2' import field %}<form method='post'>{{ csrf_field() }}"
    "{{ field(form, 'name') }}{{ field(form, 'age') }}"
    "<input type='checkbox' name='vaccinated'{% if form.checked('vaccinated', True) %}"
    " checked{% endif %}>"
    "{% for tag in form.texts('tags', ['none']) %}<i>{{ tag }}</i>{% endfor %}"
    "</form>{% if form.ok %}fine{% endif %}"
    "<ul>{% for error in form.all_errors %}<li>{{ error }}</li>{% endfor %}</ul>",
    "edit.j2": "{% from 'fields.j2' import field %}<h1>{{ model.number }}</h1>"
    "<form method='post'>{{ csrf_field() }}"
    "{{ field(form, 'name', model.name) }}{{ field(form, 'age', model.age) }}</form>",
    "sign_in.j2": "<form method='post'>{{ csrf_field() }}"
    "<input name='user' value='{{ form.values.user }}'>"
    "<input name='code' value='{{ form.values.code }}'>"
    "<input name='my_password' value='{{ form.values.my_password }}'>"
    '<input type="password" name="word" value="{{ form.values.word }}">'
    "<input name='pin' value='{{ form.value(\"pin\") }}'></form>",
    "kept.j2": "{% if model %}{{ model }}{% else %}"
    "<form method='post' enctype='multipart/form-data'>"
    "{{ csrf_field() }}<input name='note' value='{{ form.value(\"note\") }}'>"
    "<input name='where[street]' value='{{ form.value(\"where[street]\") }}'></form>"
    "<p>{{ form.errors['where[number]'] | join }}</p><p>{{ form.errors.picture | join }}"
    "</p>{% endif %}",
    "plain.j2": "<form method='post'>{{ csrf_field() }}</form>{{ model }}"
    "|{{ form.all_errors | join }}",
}
NEW = {"name": "Rex", "age": "3"}


def by_program(app: Any, path: str, data: Any, **headers: str) -> httpx.Response:
    """Send a form with a token, and without cookies."""
    headers = {**headers, **app.credentials()}
    return httpx.post(f"{app.url}{path}", data=data, headers=headers, trust_env=False)


def test_the_empty_form(app: Any) -> None:
    answer = app.get("/new")
    assert answer.status_code == 200
    page = Elements(answer.text)
    assert (page.value_of("name"), page.value_of("age")) == ("", "")
    assert "checked" in answer.text
    assert "<i>none</i>" in answer.text
    assert "fine" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_form_leads_elsewhere(app: Any) -> None:
    answer = app.send("/new", NEW)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/pets/")
    assert answer.content == b""


def test_what_is_wrong_is_told_beside_its_field(app: Any) -> None:
    answer = app.send("/new", {"name": "R", "age": "old", "tags": ["a", "b"], "other": "x"})
    assert answer.status_code == 422
    page = Elements(answer.text)
    assert (page.value_of("name"), page.value_of("age")) == ("R", "old")
    assert "<b>name: String should have at least 2 characters</b>" in answer.text
    assert "<b>age: Input should be a valid integer" in answer.text
    assert "<i>a</i><i>b</i>" in answer.text
    assert "checked" not in answer.text
    assert "fine" not in answer.text
    assert re.findall(r"<li>(\w+):", answer.text) == ["name", "age", "other"]


def test_it_can_be_mended_and_sent_again(app: Any) -> None:
    refused = app.send("/new", {"name": "R", "age": "3"})
    again = {"csrf_token": token_in(refused.text), **NEW}
    assert app.client.post("/new", data=again, headers=BROWSER).status_code == 303


def test_what_the_action_refuses_is_told_likewise(app: Any) -> None:
    answer = app.send("/new", {"name": "Hitler", "age": "3"})
    assert answer.status_code == 422
    assert "<b>name: It is taken.</b>" in answer.text
    assert "<li>Not here.</li>" in answer.text


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ({}, "Rex/False/None/[]"),
        ({"vaccinated": "on"}, "Rex/True/None/[]"),
        ({"vaccinated": "true", "tags": ["a", "b"]}, "Rex/True/['a', 'b']/[]"),
        ({"colours": "red"}, "Rex/False/None/['red']"),
    ],
)
def test_what_browsers_leave_out(app: Any, data: dict[str, Any], kept: str) -> None:
    answer = app.send("/new", {**NEW, **data})
    page = app.get(answer.headers["location"])
    assert Elements(page.text).value_of("name") == kept


def test_an_edited_page_keeps_its_data(app: Any) -> None:
    PETS[70] = Pet(70, "Rex", 3)
    assert Elements(app.get("/pets/70").text).value_of("name") == "Rex"
    answer = app.send("/pets/70", {"name": "Tom", "age": "x"})
    assert answer.status_code == 422
    assert "<h1>70</h1>" in answer.text
    assert Elements(answer.text).value_of("name") == "Tom"
    assert PETS[70].name == "Rex"
    answer = app.send("/pets/70", {"name": "Tom", "age": "4"})
    assert answer.status_code == 200
    assert Elements(answer.text).value_of("name") == "Tom"
    assert PETS[70] == Pet(70, "Tom", 4)


def test_where_the_page_is_not_its_form_is_neither(app: Any) -> None:
    token = {"csrf_token": token_in(app.get("/new").text)}
    answer = app.client.post("/pets/999", data={**token, "name": "x", "age": "x"}, headers=BROWSER)
    assert answer.status_code == 404


def test_secrets_are_not_shown_again(app: Any) -> None:
    data = {"user": "ann", "code": "s1", "word": "s2", "my_password": "s3", "pin": "x"}
    answer = app.send("/secret", data)
    assert answer.status_code == 422
    page = Elements(answer.text)
    shown = {name: page.value_of(name) for name in data}
    assert shown == {"user": "ann", "code": "", "word": "", "my_password": "", "pin": "x"}


def test_a_form_with_a_file(app: Any) -> None:
    data = {"where[street]": "Elm", "where[number]": "1", "note": "a & b"}
    files = {"picture": ("rex.png", b"12345", "image/png")}
    answer = app.send("/kept/top", data, files=files)
    assert answer.status_code == 201
    assert answer.text == "top: rex.png 5 Elm a &amp; b"


def test_a_form_without_the_file_that_it_needs(app: Any) -> None:
    fields = {
        "csrf_token": token_in(app.get("/kept/top").text),
        "where[street]": "Elm",
        "where[number]": "x",
        "note": "hi",
    }
    disposition = "Content-Disposition: form-data; name"
    parts = [f'{disposition}="{name}"\r\n\r\n{text}' for name, text in fields.items()]
    parts.append(f'{disposition}="picture"; filename=""\r\nContent-Type: image/png\r\n\r\n')
    body = "".join(f"--parting\r\n{part}\r\n" for part in parts) + "--parting--\r\n"
    headers = {**BROWSER, "Content-Type": "multipart/form-data; boundary=parting"}
    answer = app.client.post("/kept/top", content=body.encode(), headers=headers)
    assert answer.status_code == 422
    page = Elements(answer.text)
    assert (page.value_of("note"), page.value_of("where[street]")) == ("hi", "Elm")
    assert [text for _, text in page.named("p")] == [
        "Input should be a valid integer, unable to parse string as an integer",
        "Field required",
    ]


def test_a_form_that_nobody_may_send_is_not_shown(app: Any) -> None:
    answer = app.get("/guarded")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    caller = app.credentials()
    assert app.get("/guarded", **caller).status_code == 200
    page = by_program(app, "/guarded", {"text": "hi"}, **BROWSER)
    assert page.status_code == 200
    assert page.text.endswith("hi|")


def test_a_form_without_its_token_is_refused(app: Any) -> None:
    answer = app.client.post("/new", data=NEW, headers=BROWSER)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")


def test_what_is_no_form_is_refused(app: Any) -> None:
    answer = app.client.post("/new", json=NEW, headers=BROWSER)
    assert answer.status_code == 415


def test_a_form_that_is_too_large(app: Any) -> None:
    assert app.send("/small", {"text": "x" * 300}).status_code == 413


def test_a_program_is_told_what_is_wrong_as_json(app: Any) -> None:
    answer = by_program(app, "/new", {"name": "R", "age": "3"}, Accept="application/json")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "#/name"


def test_a_form_is_sent_once_more_without_running_again(app: Any) -> None:
    headers = {**BROWSER, "Idempotency-Key": '"one"'}
    first = by_program(app, "/small", {"text": "hi"}, **headers)
    again = by_program(app, "/small", {"text": "hi"}, **headers)
    assert first.status_code == again.status_code == 200
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = by_program(app, "/small", {"text": "ho"}, **headers)
    assert other.status_code == 422
    assert "Idempotency key reused" in other.text


def test_an_empty_form_has_made_nothing(app: Any) -> None:
    assert app.get("/kept/a").status_code == 200


def test_what_a_link_to_a_form_adds_to_its_address_is_no_input(app: Any) -> None:
    answer = app.send("/new?from=a-letter", {"name": "Tom", "age": "3"})
    assert answer.status_code == 303
