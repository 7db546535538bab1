"""What the document says of forms, files, headers and cookies."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from servey_core import WEB_GET, WEB_POST, Cookie, Example, File, Header, WebTrigger, action
from servey_rest.openapi import openapi_document

FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


@dataclass
class Client:
    name: str


@action(triggers=WebTrigger("POST", "/albums/{album}"), examples=Example("one", {"album": "a"}))
def upload(album: str, photo: File, more: list[File] | None = None, note: str | None = None) -> int:
    """Add photos.

    Args:
        album: Which album.
        photo: The first photo.
        more: Further photos.
        note: What they show.
    """
    return photo.size


@action(
    triggers=WebTrigger("POST", form=True),
    examples=Example("two", {"client": {"name": "x"}, "clients": [{"name": "y"}], "note": None}),
)
async def fill_in(
    client: Client, tags: list[str], clients: list[Client], note: str | None = None
) -> None: ...


@action(triggers=(WEB_GET, WEB_POST), examples=Example("acme", {"x_tenant": "acme", "text": "a"}))
async def find(
    x_tenant: Annotated[str, Header()],
    text: str,
    tags: Annotated[list[int] | None, Header("X-Tags")] = None,
    client: Annotated[Client | None, Header("X-Client")] = None,
    session: Annotated[str | None, Cookie("__Host-session")] = None,
) -> None:
    """Find.

    Args:
        x_tenant: Whose.
    """


@pytest.fixture(scope="module")
def document(started: Any) -> Any:
    return openapi_document(started([upload, fill_in, find]))


def body_of(document: Any, path: str) -> Any:
    return document["paths"][path]["post"]["requestBody"]


def reference(document: Any) -> Any:
    """What refers to the one schema that there is."""
    [name] = (one for one in document["components"]["schemas"] if one.startswith("Client"))
    return {"$ref": f"#/components/schemas/{name}"}


def test_it_is_valid(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_files_are_parts_of_a_form(document: Any) -> None:
    body = body_of(document, "/albums/{album}")
    assert body["required"]
    assert body["content"].keys() == {MULTIPART}
    assert "examples" not in body["content"][MULTIPART]
    assert body["content"][MULTIPART]["schema"] == {
        "type": "object",
        "properties": {
            "photo": {**FILE, "description": "The first photo."},
            "more": {"type": "array", "items": FILE, "description": "Further photos."},
            "note": {"type": "string", "description": "What they show."},
        },
        "additionalProperties": False,
        "required": ["photo"],
    }


def test_a_form_has_two_kinds(document: Any) -> None:
    content = body_of(document, "/actions/fill-in")["content"]
    assert content.keys() == {URLENCODED, MULTIPART}
    assert content[URLENCODED]["encoding"] == {"client": {"style": "deepObject", "explode": True}}
    client = reference(document)
    for kind in content.values():
        assert kind["schema"]["properties"] == {
            "client": client,
            "tags": {"type": "array", "items": {"type": "string"}},
            "clients": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"type": "array", "items": client},
            },
            "note": {"type": "string"},
        }
        example = {"client": {"name": "x"}, "clients": '[{"name": "y"}]'}
        assert kind["examples"]["two"]["value"] == example


@pytest.mark.parametrize("method", ["get", "post"])
def test_headers_and_cookies_are_parameters(document: Any, method: str) -> None:
    operation = document["paths"]["/actions/find"][method]
    described = {one["name"]: one for one in operation["parameters"]}
    assert described["x-tenant"] == {
        "name": "x-tenant",
        "in": "header",
        "required": True,
        "description": "Whose.",
        "schema": {"type": "string"},
        "examples": {"acme": {"value": "acme"}},
    }
    assert described["X-Tags"] == {
        "name": "X-Tags",
        "in": "header",
        "style": "simple",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "integer", "format": "int64"}},
    }
    json = {"application/json": {"schema": reference(document)}}
    assert described["X-Client"] == {"name": "X-Client", "in": "header", "content": json}
    cookie = {"name": "__Host-session", "in": "cookie", "schema": {"type": "string"}}
    assert described["__Host-session"] == cookie
    assert [name for name, one in described.items() if one["in"] == "query"] == (
        ["text"] if method == "get" else []
    )


def test_what_headers_have_is_not_in_the_body(document: Any) -> None:
    content = body_of(document, "/actions/find")["content"]["application/json"]
    assert content["schema"]["properties"].keys() == {"text"}
    assert content["examples"]["acme"]["value"] == {"text": "a"}
