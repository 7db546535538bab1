"""The document: valid, the same from everywhere, and true."""

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, Field

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    Authorization,
    Conflict,
    Example,
    Idempotency,
    InvalidInput,
    NotFound,
    ProblemError,
    RateLimit,
    Runtime,
    ScopeAccessControl,
    SecureHashCacheControl,
    TtlCacheControl,
    WebTrigger,
    action,
)

ItemT = TypeVar("ItemT")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Box:
    width: int
    colour: Colour = Colour.RED


class Page(BaseModel, Generic[ItemT]):
    items: list[ItemT]


class Tree(BaseModel):
    children: list["Tree"] = []


class OutOfCredit(ProblemError):  # noqa: N818 - as the core's own problems are named
    """There is not enough credit."""

    status = 402


@action(
    triggers=(WEB_GET, WEB_POST, WebTrigger("POST", "/hello")),
    tags="greetings",
    deprecated=True,
    examples=[
        Example("world", {"name": "World"}, "Hello World!", description="The first one."),
        Example("hidden", {"name": "x"}, include_in_schema=False),
        Example("broke", {"name": "Al"}, raises=OutOfCredit),
        Example("gone", {"name": "Bo"}, raises=NotFound),
        Example("never", {"name": "Cy", "times": 0}, raises=InvalidInput),
    ],
)
def say_hello(name: str, times: Annotated[int, Field(ge=1)] = 1) -> str:
    """Greet somebody.

    With *Markdown*.

    Args:
        name: Whom to greet.
        times: How often.

    Returns:
        The greeting.
    """
    return f"Hello {name}!" * times


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl(60))
def search(
    words: list[str],
    day: date = date(2024, 2, 29),
    size: Literal[1, 2] | None = None,
    box: Box | None = None,
    boxes: list[Box] | None = None,
    key: Callable[[], int] | None = None,
) -> Page[Box]: ...


@action(triggers=WebTrigger("PUT", "/boxes/{box_id}"))
def put_box(box_id: int, box: Box, note: str | None = None) -> Tree: ...


@action(triggers=WebTrigger("DELETE", "/boxes/{number}"))
def drop_box(number: int) -> None: ...


@action(
    triggers=WEB_GET,
    access_control=(ScopeAccessControl("a") & ScopeAccessControl("b")) | ScopeAccessControl("c"),
    timeout=5,
)
def guarded() -> bytes: ...


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60), access_control=ALLOW_AUTHENTICATED)
def fresh() -> int: ...


@action(
    triggers=WEB_POST,
    idempotency=Idempotency(required=True),
    rate_limits=RateLimit("10/minute"),
    examples=Example("broke", raises=Conflict),
)
def pay() -> None: ...


@action(triggers=WEB_GET)
def who(authorization: Authorization) -> Authorization: ...


@action(triggers=WEB_GET)
def who_if_anybody(authorization: Authorization | None) -> str: ...


@action(triggers=WebTrigger("REPORT"))
def odd() -> None: ...


ACTIONS = [say_hello, search, put_box, drop_box, guarded, fresh, pay, who, who_if_anybody, odd]


@pytest.fixture(scope="module")
def runtime(started: Any) -> Runtime:
    given = {"api_title": "Boxes", "api_version": "1.2", "api_description": "Keeps *boxes*."}
    return started(ACTIONS, **given)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def document(runtime: Runtime) -> Any:
    return json.loads(runtime.generate("openapi")[0].text)


def parameters(operation: Any) -> dict[str, Any]:
    return {one["name"]: one for one in operation.get("parameters", ())}


def test_it_is_valid(document: Any) -> None:
    errors = [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert not errors


def test_it_is_the_same_from_the_server_and_the_generator(serve: Any) -> None:
    with serve(ACTIONS) as app:
        [artifact] = app.runtime.generate("openapi")
        response = app.get("/openapi.json")
        assert response.headers["content-type"] == "application/json"
        assert response.text == artifact.text
        assert artifact.path == "openapi.json"


def test_it_is_the_same_every_time(runtime: Runtime, started: Any) -> None:
    settings = {"api_title": "Boxes", "api_version": "1.2", "api_description": "Keeps *boxes*."}
    again = started(ACTIONS, **settings)
    assert again.generate("openapi") == runtime.generate("openapi")


def test_it_says_what_the_api_is_called(document: Any) -> None:
    assert document["info"] == {
        "title": "Boxes",
        "version": "1.2",
        "description": "Keeps *boxes*.",
    }
    assert document["servers"] == [{"url": "/"}]


def test_it_goes_by_the_projects_name_otherwise(
    started: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert json.loads(started([]).generate("openapi")[0].text)["info"]["title"] == "Actions"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "boxes"\nversion = "3"\n')
    info = json.loads(started([]).generate("openapi")[0].text)["info"]
    assert info == {"title": "boxes", "version": "3"}


def test_a_root_path_stands_before_everything(started: Any) -> None:
    document = json.loads(started(ACTIONS, root_path="/api").generate("openapi")[0].text)
    assert document["servers"] == [{"url": "/api"}]
    flow = document["components"]["securitySchemes"]["debug_login"]["flows"]["password"]
    assert flow["tokenUrl"] == "/api/debug/login"


def test_operations_are_named_after_actions(document: Any) -> None:
    ids = {
        operation["operationId"]: f"{method} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert ids == {
        "say_hello": "get /actions/say-hello",
        "say_hello_post": "post /actions/say-hello",
        "say_hello_post_2": "post /hello",
        "search": "get /actions/search",
        "put_box": "put /boxes/{box_id}",
        "drop_box": "delete /boxes/{box_id}",
        "guarded": "get /actions/guarded",
        "fresh": "get /actions/fresh",
        "pay": "post /actions/pay",
        "who": "get /actions/who",
        "who_if_anybody": "get /actions/who-if-anybody",
    }


def test_the_docstring_describes(document: Any) -> None:
    operation = document["paths"]["/actions/say-hello"]["get"]
    assert operation["summary"] == "Greet somebody."
    assert operation["description"] == "With *Markdown*."
    assert operation["tags"] == ["greetings"]
    assert operation["deprecated"] is True
    assert operation["responses"]["200"]["description"] == "The greeting."
    assert parameters(operation)["times"] == {
        "name": "times",
        "in": "query",
        "description": "How often.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1, "default": 1},
    }


def test_examples_are_shown(document: Any) -> None:
    by_query = document["paths"]["/actions/say-hello"]["get"]
    assert parameters(by_query)["name"]["examples"] == {
        "world": {"summary": "The first one.", "value": "World"},
        "broke": {"value": "Al"},
        "gone": {"value": "Bo"},
    }
    by_body = document["paths"]["/hello"]["post"]
    content = by_body["requestBody"]["content"]["application/json"]
    assert content["examples"]["world"]["value"] == {"name": "World"}
    result = by_query["responses"]["200"]["content"]["application/json"]
    assert result["examples"] == {"world": {"summary": "The first one.", "value": "Hello World!"}}


def test_parameters_have_the_style_of_their_types(document: Any) -> None:
    found = parameters(document["paths"]["/actions/search"]["get"])
    assert (found["words"]["style"], found["words"]["explode"]) == ("form", True)
    assert found["words"]["required"] is True
    assert (found["box"]["style"], found["box"]["explode"]) == ("deepObject", True)
    assert found["box"]["schema"] == {"$ref": "#/components/schemas/BoxInput"}
    assert "application/json" in found["boxes"]["content"]
    assert found["day"]["schema"]["default"] == "2024-02-29"
    assert found["size"]["schema"] == {"enum": [1, 2], "type": "integer"}


def test_what_the_path_has_is_not_in_the_body(document: Any) -> None:
    operation = document["paths"]["/boxes/{box_id}"]["put"]
    assert parameters(operation) == {
        "box_id": {
            "name": "box_id",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "format": "int64"},
        }
    }
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert list(schema["properties"]) == ["box", "note"]
    assert (schema["required"], schema["additionalProperties"]) == (["box"], False)
    assert operation["requestBody"]["required"] is True


def test_two_names_of_one_path_are_written_as_one(document: Any) -> None:
    assert list(parameters(document["paths"]["/boxes/{box_id}"]["delete"])) == ["box_id"]


def test_results_have_all_their_fields(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Box"]["required"] == ["width", "colour"]
    assert schemas["BoxInput"]["required"] == ["width"]
    result = document["paths"]["/boxes/{box_id}"]["delete"]["responses"]["200"]
    assert result["content"]["application/json"]["schema"] == {"type": "null"}


def test_problems_are_answers(document: Any) -> None:
    answers = document["paths"]["/actions/say-hello"]["post"]["responses"]
    assert set(answers) == {"200", "400", "402", "404", "413", "415", "422", "default"}
    assert answers["402"]["description"] == "There is not enough credit."
    [content_type] = answers["402"]["content"]
    assert content_type == "application/problem+json"
    assert answers["404"] == {"$ref": "#/components/responses/NotFound"}


def test_a_result_that_may_be_kept_may_be_unchanged(document: Any) -> None:
    answers = document["paths"]["/actions/search"]["get"]["responses"]
    assert set(answers["304"]["headers"]) == {"Cache-Control", "ETag", "Last-Modified"}
    assert set(answers["200"]["headers"]) == set(answers["304"]["headers"])
    assert "304" not in document["paths"]["/actions/who"]["get"]["responses"]


def test_a_result_that_is_fresh_for_a_time_is_never_unchanged(document: Any) -> None:
    answers = document["paths"]["/actions/fresh"]["get"]["responses"]
    assert set(answers["200"]["headers"]) == {"Cache-Control"}
    assert "304" not in answers


def test_scopes_are_alternatives(document: Any) -> None:
    guarded = document["paths"]["/actions/guarded"]["get"]
    assert guarded["security"] == [
        {"bearer": ["a", "b"]},
        {"debug_login": ["a", "b"]},
        {"bearer": ["c"]},
        {"debug_login": ["c"]},
    ]
    assert {"401", "403", "504"} <= set(guarded["responses"])
    flow = document["components"]["securitySchemes"]["debug_login"]["flows"]["password"]
    assert list(flow["scopes"]) == ["a", "b", "c"]


def test_an_authorization_is_security_and_no_parameter(document: Any) -> None:
    who = document["paths"]["/actions/who"]["get"]
    assert "parameters" not in who
    assert who["security"] == [{"bearer": []}, {"debug_login": []}]
    assert "401" in who["responses"]
    assert "403" not in who["responses"]
    assert "403" not in document["paths"]["/actions/fresh"]["get"]["responses"]
    optional = document["paths"]["/actions/who-if-anybody"]["get"]
    assert optional["security"] == [{}, {"bearer": []}, {"debug_login": []}]
    assert "security" not in document["paths"]["/actions/search"]["get"]
    assert document["security"] == []


def test_production_knows_no_debug_login(started: Any) -> None:
    runtime = started(ACTIONS, env="production", jwt_secret_key="k" * 32)
    document = json.loads(runtime.generate("openapi")[0].text)
    assert list(document["components"]["securitySchemes"]) == ["bearer"]


def test_an_idempotent_action_takes_a_key(document: Any) -> None:
    operation = document["paths"]["/actions/pay"]["post"]
    key = parameters(operation)["Idempotency-Key"]
    assert (key["in"], key["required"], key["schema"]["maxLength"]) == ("header", True, 255)
    answers = operation["responses"]
    assert "Idempotency-Replayed" in answers["200"]["headers"]
    refused = answers["422"]["content"]["application/problem+json"]["examples"]
    assert set(refused) == {"invalid-input", "idempotency-key-reused"}
    assert "Idempotency-Key" not in parameters(document["paths"]["/actions/who"]["get"])


def test_problems_of_one_status_are_one_answer(document: Any) -> None:
    answer = document["paths"]["/actions/pay"]["post"]["responses"]["409"]
    examples = answer["content"]["application/problem+json"]["examples"]
    assert set(examples) == {"still-under-way", "conflict"}
    assert answer["description"].count(".") == 2
    assert "Retry-After" in answer["headers"]


def test_limits_are_told(document: Any) -> None:
    answers = document["paths"]["/actions/pay"]["post"]["responses"]
    assert {"RateLimit", "RateLimit-Policy"} <= set(answers["200"]["headers"])
    assert answers["429"] == {"$ref": "#/components/responses/TooManyRequests"}
    refused = document["components"]["responses"]["TooManyRequests"]
    assert set(refused["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
    assert "429" not in document["paths"]["/actions/who"]["get"]["responses"]


def test_an_api_without_guards_has_no_security_schemes(started: Any) -> None:
    document = json.loads(started([search]).generate("openapi")[0].text)
    assert document["components"]["securitySchemes"] == {}
