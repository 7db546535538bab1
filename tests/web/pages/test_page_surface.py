"""Examples of pages as tests: the status, the template, and what the page was made of."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking import write_templates
from serving import start_with

from servey_core import (
    ALLOW_AUTHENTICATED,
    Authorization,
    Example,
    File,
    InvalidInput,
    NotFound,
    PageResponse,
    PermissionDenied,
    Redirect,
    ScopeAccessControl,
    TtlCacheControl,
    Unauthorized,
    WebPageTrigger,
    action,
)
from servey_core.testing import ExampleFailed, ExampleRunner, cases_of
from servey_web import client_of

ANN = Authorization("ann", frozenset(("read",)))


@dataclass
class Pet:
    name: str
    age: int


@action(
    triggers=[
        WebPageTrigger("/pets/{name}", template="pet.j2"),
        WebPageTrigger("/p", template="pet.j2"),
    ],
    cache_control=TtlCacheControl(60),
    examples=[
        Example("found", {"name": "Rex & <co>"}, Pet("Rex & <co>", 3)),
        Example("missing", {"name": "nobody"}, raises=NotFound),
        Example("invalid", {"name": "Rex", "age": "old"}, raises=InvalidInput),
    ],
)
async def pet(name: str, age: int = 3) -> Pet:
    if name == "nobody":
        raise NotFound
    return Pet(name, age)


@action(
    triggers=WebPageTrigger("/personal", template="personal.j2"),
    cache_control=TtlCacheControl(60),
    examples=Example("anybody", result=1),
)
async def personal() -> int:
    return 1


@action(
    triggers=WebPageTrigger("/add", method="POST", template="add.j2"),
    examples=[
        Example("added", {"name": "Rex", "tags": ["a", "b"]}, Redirect("/pets/Rex")),
        Example("too short", {"name": ""}, raises=InvalidInput),
    ],
)
async def add(name: str, tags: list[str] | None = None) -> Redirect:
    if not name:
        raise InvalidInput("It has no name.")
    return Redirect(f"/pets/{name}")


@action(
    triggers=WebPageTrigger("/guarded", method="POST", template="add.j2", status=201),
    access_control=ScopeAccessControl("read"),
    examples=[
        Example("let in", {"file": File.of(b"123", filename="a.txt")}, 3, authorization=ANN),
        Example("kept out", {"file": File.of(b"1")}, raises=Unauthorized),
        Example(
            "not let in",
            {"file": File.of(b"1")},
            authorization=replace(ANN, scopes=frozenset()),
            raises=PermissionDenied,
        ),
    ],
)
async def guarded(file: File) -> PageResponse[int]:
    return PageResponse(len(file.content()))


@action(
    triggers=WebPageTrigger("/who", template="personal.j2"),
    access_control=ALLOW_AUTHENTICATED,
    examples=[
        Example("somebody", result="ann", authorization=ANN),
        Example("nobody", raises=Unauthorized),
    ],
)
async def who(authorization: Authorization) -> str | None:
    return authorization.subject


TEMPLATES = {
    "pet.j2": "{{ model.name }}",
    "personal.j2": "{{ authorization.subject if authorization }}",
    "add.j2": "<form method='post'>{{ csrf_field() }}</form>",
}


def test_every_example_holds(tmp_path: Path) -> None:
    folder = write_templates(tmp_path, TEMPLATES)
    runtime = start_with([pet, personal, add, guarded, who], templates=folder)
    cases = [case for case in cases_of(runtime) if case.surface.name.startswith("page")]
    assert len(cases) == 3 + 3 + 1 + 2 + 3 + 2
    with ExampleRunner(runtime) as runner:
        for case in cases:
            runner.run(case)


def failure(tmp_path: Path, function: Any, template: str) -> str:
    folder = write_templates(tmp_path, {"x.j2": template})
    runtime = start_with([function], templates=folder)
    [case] = [case for case in cases_of(runtime) if case.surface.name == "page"]
    with ExampleRunner(runtime) as runner, pytest.raises((ExampleFailed, AssertionError)) as raised:
        runner.run(case)
    return str(raised.value)


def test_an_example_that_does_not_hold(tmp_path: Path) -> None:
    @action(triggers=WebPageTrigger(template="x.j2"), examples=Example("wrong", result=2))
    async def one() -> int:
        return 1

    text = failure(tmp_path, one, "{{ model }}")
    assert "Example 'wrong' of one fails on page" in text


def test_a_template_that_fails(tmp_path: Path) -> None:
    @action(triggers=WebPageTrigger(template="x.j2"), examples=Example("right", result=0))
    async def zero() -> int:
        return 0

    assert "500" in failure(tmp_path, zero, "{{ 1 // model }}")


def test_a_form_whose_token_is_not_in_it(tmp_path: Path) -> None:
    @action(
        triggers=WebPageTrigger("/x", method="POST", template="x.j2"),
        examples=Example("sent", result=1),
    )
    async def send() -> int:
        return 1

    assert "403" in failure(tmp_path, send, "no form")


def test_an_example_has_as_long_as_its_action_takes() -> None:
    assert client_of("http://localhost").timeout == httpx.Timeout(None)
