"""Results that say how their page looks: everywhere else, the model is the result."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from servey_core import (
    ContentType,
    Context,
    Invoker,
    PageResponse,
    SignatureError,
    WebPageTrigger,
    action,
    action_of,
)
from servey_core.threads import WorkerPool


@dataclass
class Pet:
    name: str


@action
async def adopted(name: str) -> PageResponse[Pet]:
    return PageResponse(Pet(name), 201, {"X-Vet": "Ada"}, "adopted.j2")


@action
def found(name: str) -> Pet | PageResponse[Pet] | None:
    if name == "nobody":
        return None
    return PageResponse(Pet(name), template="found.j2") if name == "Rex" else Pet(name)


@action
def listed() -> Annotated[PageResponse[str], ContentType("text/csv")]:
    return PageResponse("a,b")


@action
def whatever() -> PageResponse:  # type: ignore[type-arg]
    return PageResponse([1])


@pytest.fixture
def invoker():
    pool = WorkerPool(1, 10)
    yield lambda function: Invoker(action_of(function), pool)
    pool.close(0)


def run(invoker: Invoker, text: bytes) -> tuple[bytes, Any]:
    outcome = asyncio.run(invoker.invoke(invoker.signature.from_json, text, Context()))
    return outcome.to_json(), outcome.response


def test_the_result_is_the_model_and_the_rest_is_of_the_response(invoker):
    body, response = run(invoker(adopted), b'{"name": "Rex"}')
    assert body == b'{"name":"Rex"}'
    assert (response.status, response.headers) == (201, {"X-Vet": "Ada"})
    assert response.template == "adopted.j2"


@pytest.mark.parametrize(
    ("name", "body", "template"),
    [
        ("Rex", b'{"name":"Rex"}', "found.j2"),
        ("Tom", b'{"name":"Tom"}', None),
        ("nobody", b"null", None),
    ],
)
def test_a_result_may_be_the_model_itself(invoker, name, body, template):
    written, response = run(invoker(found), b'{"name": "%s"}' % name.encode())
    assert (written, response.template) == (body, template)


def test_what_the_model_is_said_to_be_is_what_the_result_is(invoker):
    assert invoker(adopted).signature.returned.annotation is Pet
    assert invoker(listed).signature.returned.content_type == "text/csv; charset=utf-8"
    assert invoker(whatever).signature.returned.annotation is Any


def test_a_call_that_may_give_a_page_is_not_run_by_a_short_cut(invoker):
    assert invoker(found).signature.sets_response
    assert invoker(found).now(invoker(found).signature.from_json) is None
    assert not invoker(found).is_plain


def test_a_function_that_is_called_by_itself_gives_what_it_gives():
    assert found("Rex").template == "found.j2"


def test_a_stream_gives_no_pages(invoker):
    @action
    async def many() -> PageResponse[int]:  # type: ignore[misc]
        yield PageResponse(1)

    with pytest.raises(SignatureError, match="AsyncIterator"):
        invoker(many)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"path": "pets"}, "starts with a slash: 'pets'"),
        ({"method": "PUT"}, "GET or POST, not 'PUT'"),
        ({"status": 204}, "one with content, not 204"),
        ({"status": 303}, "one with content, not 303"),
        ({"block": "no-name"}, "named as variables are: 'no-name'"),
        ({"max_body_bytes": -1}, "smaller than nothing: -1"),
    ],
)
def test_a_trigger_that_cannot_be_is_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        WebPageTrigger(**arguments)


def test_where_a_page_is_and_what_makes_it():
    pet = action_of(adopted)
    assert WebPageTrigger().path_for(pet) == "/adopted"
    assert WebPageTrigger().template_for(pet) == "adopted.j2"
    own = WebPageTrigger("/", "pets/all.j2", method="POST")
    assert (own.path_for(pet), own.template_for(pet), str(own)) == (
        "/",
        "pets/all.j2",
        "POST page /",
    )
