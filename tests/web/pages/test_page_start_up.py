"""What is wrong with pages is told at start-up: where, and what to do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, computed_field

from servey_core import (
    WEB_GET,
    ConfigurationError,
    File,
    Page,
    PageResponse,
    Redirect,
    WebPageTrigger,
    action,
)
from servey_core.errors import ActionError
from servey_web import RouteConflictError

ItemT = TypeVar("ItemT")


@dataclass
class Toy:
    name: str


@dataclass
class Box(Generic[ItemT]):
    held: ItemT


class Owner(BaseModel):
    name: str
    nickname: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shown(self) -> str:
        return self.name


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


@dataclass
class Pet:
    name: str
    owner: Owner
    toys: list[Toy] = field(default_factory=list)
    by_name: dict[str, Toy] = field(default_factory=dict)
    box: Box[Toy] | None = None
    more: Anything | None = None

    @property
    def first(self) -> Toy:
        return self.toys[0]

    @cached_property
    def last(self) -> Toy:
        return self.toys[-1]

    def found(self) -> Toy:
        return self.toys[0]

    async def friends(self) -> AsyncIterator["Pet"]:
        yield self


@action(triggers=WebPageTrigger("/pets/{name}"))
async def pet(name: str) -> Pet | Redirect:
    raise NotImplementedError


@action(triggers=WebPageTrigger(template="paged.j2"))
async def pets() -> Page[Pet]:
    raise NotImplementedError


@action(triggers=WebPageTrigger("/send", method="POST", template="send.j2"))
async def send(text: str) -> str:
    return text


@action(triggers=WEB_GET)
async def rest_only() -> str:
    return "x"


GOOD = {"pet.j2": "", "paged.j2": "", "send.j2": "{{ csrf_field() }}"}


def refusal(start: Any, template: str, others: dict[str, str] | None = None) -> str:
    """What is said of a template for a pet."""
    with pytest.raises(ActionError) as raised:
        start([pet, pets, send], {**GOOD, "pet.j2": template, **(others or {})})
    return str(raised.value)


@pytest.mark.parametrize(
    ("template", "line", "said"),
    [
        ("a\n{% if %}\n", 2, "Expected an expression, got 'end of statement block'"),
        ("{% if model %}", 1, "Unexpected end of template."),
        ("a\nb\n{{ modle.name }}", 3, "'modle' is not defined. Did you mean 'model'?"),
        ("{{ problem.title }}", 1, "'problem' is not defined."),
        ("\n{{ model.name | uper }}", 2, "there is no filter 'uper'. Did you mean 'upper'?"),
        ("{% if model is defind %}{% endif %}", 1, "there is no test 'defind'. Did you mean"),
        ("\n{{ model.nam }}", 2, "`model.nam`: Pet has no 'nam'. Did you mean 'name'?"),
        ("{{ model.owner.shwn }}", 1, "`model.owner.shwn`: Owner has no 'shwn'."),
        (
            "{% for toy in model.toys %}\n{{ toy.nme }}{% endfor %}",
            2,
            "`toy.nme`: Toy has no 'nme'. Did you mean 'name'?",
        ),
        ("{{ model.toys[0].x }}", 1, "`....x`: Toy has no 'x'. Known: name."),
        ("{{ (model.toys | first).x }}", 1, "Toy has no 'x'"),
        ("{% set one = model.first %}{{ one.x }}", 1, "`one.x`: Toy has no 'x'"),
        ("{% with one = model.last %}{{ one.x }}{% endwith %}", 1, "`one.x`: Toy has no 'x'"),
        ("{{ model.found().x }}", 1, "Toy has no 'x'"),
        ("{{ model.by_name['a'].x }}", 1, "Toy has no 'x'"),
        ("{% for one in model.by_name.values() %}{{ one.x }}{% endfor %}", 1, "Toy has no 'x'"),
        ("{{ model.box.held.x }}", 1, "`model.box.held.x`: Toy has no 'x'"),
        ("{{ page.pth }}", 1, "`page.pth`: PageInfo has no 'pth'. Did you mean 'path'?"),
        ("{{ form.error.x }}", 1, "`form.error`: Form has no 'error'. Did you mean 'errors'?"),
        ("{{ authorization.scope }}", 1, "Authorization has no 'scope'. Did you mean 'scopes'?"),
        (
            "\n{% extends 'bse.j2' %}",
            2,
            "the template 'bse.j2' is not there. Did you mean 'base.j2'?",
        ),
        ("{% include 'nowhere' %}", 1, "the template 'nowhere' is not there."),
        ("{% include ['no', 'none'] %}", 1, "the template 'no' is not there."),
        ("{% import '../secret.j2' as x %}", 1, "the template '../secret.j2' is not there."),
        (
            "{{ url_for('pts') }}",
            1,
            "No action with a path is named 'pts'. Did you mean 'pets'?",
        ),
        ("{{ url_for('pet') }}", 1, "the path '/pets/{name}' of the action 'pet' needs 'name'."),
        (
            "{{ url_for('pet', nme=1, name=2) }}",
            1,
            "the action 'pet' has no parameter 'nme'. Did you mean 'name'?",
        ),
        ("\n\n{{ asset_url('css/nowhere.css') }}", 3, "css/nowhere.css"),
    ],
)
def test_what_is_wrong_in_a_template(start: Any, template: str, line: int, said: str) -> None:
    others = {"base.j2": "base"}
    text = refusal(start, template, others)
    assert text.startswith(f"Action 'pet' ({__file__}:")
    assert "template 'pet.j2' (" in text
    assert f"templates/pet.j2:{line}): " in text
    assert said in text


@pytest.mark.parametrize(
    ("template", "others", "place", "said"),
    [
        (
            "{% extends 'base.j2' %}",
            {"base.j2": "\n{{ model.nam }}"},
            "base.j2:2",
            "Pet has no 'nam'",
        ),
        ("{% include 'part.j2' %}", {"part.j2": "{{ who }}"}, "part.j2:1", "'who' is not defined"),
        ("{% import 'm.j2' as m %}", {"m.j2": "{{ x | nope }}"}, "m.j2:1", "no filter 'nope'"),
        (
            "{% import 'm.j2' as m %}",
            {"m.j2": "{% macro a() %}\n{{ model.name }}{% endmacro %}"},
            "m.j2:2",
            "'model' is not known in what is imported: import it `with context`.",
        ),
        (
            "{% extends 'a.j2' %}",
            {"a.j2": "{% extends 'b.j2' %}", "b.j2": "{% include 'c' %}"},
            "b.j2:1",
            "the template 'c' is not there",
        ),
    ],
)
def test_what_is_wrong_in_what_a_template_is_made_of(
    start: Any, template: str, others: dict[str, str], place: str, said: str
) -> None:
    text = refusal(start, template, others)
    assert f"templates/{place}): " in text
    assert said in text


@pytest.mark.parametrize(
    "template",
    [
        "{{ model.name }}{{ model.owner.nickname }}{{ model.owner.shown }}{{ model.first.name }}",
        "{{ model.more.whatever.it.may.be }}",
        "{% if title is defined %}{{ title }}{% endif %}{{ other | default('x') }}",
        "{{ model.nam is defined }}{{ model.nick | default('none') }}",
        "{% set title = 'a' %}{% block x %}{{ title }}{% endblock %}{% extends 'base.j2' %}",
        "{% for toy in model.toys if toy.name %}{{ loop.index }}{{ loop.first }}{% endfor %}",
        "{% for name, toy in model.by_name.items() %}{{ toy.anything }}{% endfor %}",
        "{% macro field(model) %}{{ model.whatever }}{{ caller() }}{{ varargs }}{% endmacro %}",
        "{% set model = model.first %}{{ model.whatever }}",
        "{% include 'nowhere' ignore missing %}{% include ['nowhere', 'base.j2'] %}",
        "{% include page.query.part %}",
        "{% import 'with.j2' as w with context %}{{ w.show() }}",
        "{{ range(3) }}{{ dict(a=1) }}{% set n = namespace(x=1) %}{% set n.x = 2 %}{{ n.x }}",
        "{{ model.name.upper() }}{{ model.toys | map(attribute='whatever') | join }}",
        "{{ self.x() }}{% block x %}{% endblock %}",
        "{{ url_for('pet', **page.query) }}{{ url_for(page.action, name='x') }}",
        "{{ url_for('rest_only') }}{{ form.errors.anything }}{{ form.values.what }}",
        "{% for friend in model.friends() %}{{ friend.name }}{% endfor %}",
        "{{ model.box.held.name }}{{ model.found().name }}{{ model.last.name }}",
    ],
)
def test_what_cannot_be_told_passes(start: Any, template: str) -> None:
    others = {
        "base.j2": "{% if title is defined %}{{ title }}{% endif %}",
        "with.j2": "{% macro show() %}{{ model.name }}{% endmacro %}",
    }
    start([pet, pets, send, rest_only], {**GOOD, "pet.j2": template, **others})


def test_attributes_of_subclasses_are_there(start: Any) -> None:
    @dataclass
    class Animal:
        name: str

    @dataclass
    class Dog(Animal):
        bark: str = ""

    @action(triggers=WebPageTrigger())
    async def animal() -> Animal:
        return Dog("Rex")

    start([animal], {"animal.j2": "{{ model.bark }}"})
    with pytest.raises(ActionError, match=r"`model\.meow`: Animal has no 'meow'"):
        start([animal], {"animal.j2": "{{ model.meow }}"})


def test_attributes_that_methods_set_are_there(start: Any) -> None:
    @dataclass
    class Named:
        name: str

        def __post_init__(self) -> None:
            self.slug = self.name.lower()

    @dataclass
    class Titled(Named):
        title: str = ""

        def shown(self) -> str:
            return self.title.slag  # type: ignore[attr-defined,no-any-return]

    @action(triggers=WebPageTrigger("/"))
    async def titled() -> Titled:
        return Titled("Rex")

    start([titled], {"titled.j2": "{{ model.slug }}{{ model.title }}"})
    with pytest.raises(ActionError, match="Titled has no 'slag'"):
        start([titled], {"titled.j2": "{{ model.slag }}"})


def test_the_model_of_other_results(start: Any) -> None:
    start([pet, pets, send], {**GOOD, "paged.j2": "{{ model.items[0].owner.name }}"})
    with pytest.raises(ActionError, match=r"Pet has no 'age'"):
        start(
            [pet, pets, send],
            {**GOOD, "paged.j2": "{% for x in model.items %}{{ x.age }}{% endfor %}"},
        )

    @action(triggers=WebPageTrigger())
    async def either() -> Toy | PageResponse[Owner]:
        return Toy("")

    start([either], {"either.j2": "{{ model.name }}{{ model.nickname }}"})
    with pytest.raises(ActionError, match=r"Toy \| Owner has no 'age'"):
        start([either], {"either.j2": "{{ model.age }}"})


def test_a_template_that_is_not_there(start: Any, tmp_path: Path) -> None:
    with pytest.raises(ActionError) as raised:
        start([pet], {"pte.j2": "", "other.txt": ""})
    text = str(raised.value)
    assert f"Action 'pet' ({__file__}:" in text
    assert "template 'pet.j2': it is not there. Did you mean 'pte.j2'?" in text
    assert f"Make the file {tmp_path / 'templates' / 'pet.j2'}" in text
    assert "WebPageTrigger(template=...)" in text
    assert "SERVEY_TEMPLATES" in text


def test_a_template_outside_of_the_folder(start: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.j2").write_text("secret")

    @action(triggers=WebPageTrigger(template="../secret.j2"))
    async def outside() -> None:
        pass

    with pytest.raises(ActionError, match=r"template '\.\./secret\.j2': it is not there"):
        start([outside], {})


def test_a_template_in_another_encoding(start: Any, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "pet.j2").write_bytes(b"\xff")
    with pytest.raises(ActionError, match=r"template 'pet\.j2': it is not UTF-8"):
        start([pet], {})


def test_a_block_that_is_not_there(start: Any) -> None:
    @action(triggers=WebPageTrigger(block="lst"))
    async def listed() -> None:
        pass

    templates = {"listed.j2": "{% extends 'b' %}", "b": "{% block list %}{% endblock %}"}
    said = "the template 'listed.j2' has no block 'lst'. Did you mean 'list'?"
    with pytest.raises(ActionError, match=said):
        start([listed], templates)


def test_a_form_without_its_token(start: Any) -> None:
    text = "<form>\n</form>\n<form class='x' method=post>"
    with pytest.raises(ActionError) as raised:
        start([send], {"send.j2": text})
    assert "send.j2:3): the form is sent by POST" in str(raised.value)
    assert "put {{ csrf_field() }} into it" in str(raised.value)


def test_a_page_of_a_file(start: Any) -> None:
    @action(triggers=WebPageTrigger(template="x"))
    async def file() -> File:
        raise NotImplementedError

    with pytest.raises(ActionError, match="a file cannot be shown on a page"):
        start([file], {"x": ""})


def test_a_file_in_a_query(start: Any) -> None:
    @action(triggers=WebPageTrigger(template="x"))
    async def takes(file: File) -> None:
        pass

    with pytest.raises(ActionError, match="the parameter 'file' is a file, and GET has no body"):
        start([takes], {"x": ""})


def test_a_path_whose_parameters_do_not_fit(start: Any) -> None:
    @action(triggers=WebPageTrigger("/a/{nmae}", template="x"))
    async def takes(name: str) -> None:
        pass

    with pytest.raises(ActionError, match="has the parameter 'nmae'; callers give: name"):
        start([takes], {"x": ""})


def test_two_pages_at_one_path(start: Any) -> None:
    @action(triggers=WebPageTrigger("/pets", template="paged.j2"))
    async def other() -> None:
        pass

    with pytest.raises(RouteConflictError, match="GET /pets is claimed twice"):
        start([pets, other], GOOD)


def test_the_template_of_a_problem(start: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        start([pets], {**GOOD, "404.j2": "{{ model }}"})
    assert "The page of a problem: template '404.j2' (" in str(raised.value)
    assert "404.j2:1): 'model' is not defined." in str(raised.value)


def test_a_template_of_the_login_page_that_is_wrong_is_told(start: Any) -> None:
    with pytest.raises(ConfigurationError) as raised:
        start([pet, pets, send], {**GOOD, "login.j2": "\n{{ login.nmae }}{{ csrf_field() }}"})
    told = str(raised.value)
    assert "The login page: template 'login.j2' (" in told
    assert "login.j2:2): `login.nmae`: LoginForm has no 'nmae'" in told
