"""The routes of FastAPI routers in the document: described by FastAPI, put right by us."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import FastAPIError
from fastapi.security import APIKeyHeader, HTTPBearer
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from servey_core import (
    ALLOW_AUTHENTICATED,
    Authorization,
    Runtime,
    ScopeAccessControl,
    WebTrigger,
    action,
)
from servey_rest import current_authorization, fastapi_app, requires


@dataclass
class Pet:
    name: str


class Shop:
    class Pet(BaseModel):
        nickname: str


class Owner(BaseModel):
    pets: list[Shop.Pet]


router = APIRouter(prefix="/pets", tags=["pets"])
key = APIKeyHeader(name="X-Key", scheme_name="key")
bearer = HTTPBearer(scheme_name="bearer", description="Somebody else's.")
read, write = ScopeAccessControl("read"), ScopeAccessControl("write")


@router.get("/{name}/owner")
async def find_owner(name: str, limit: Annotated[int, Query(ge=1)] = 1) -> Owner:
    """Who has it."""
    raise NotImplementedError


@router.put("/{pet}", responses={409: {"description": "Taken."}}, operation_id="add_pet")
async def put_pet(pet: str, owner: Owner) -> None: ...


@router.api_route("/{name}/both", methods=["POST", "GET"])
async def both(name: str) -> None: ...


@router.api_route("/odd", methods=["REPORT"])
async def report() -> None: ...


@router.get("/hidden", include_in_schema=False)
async def hidden() -> None: ...


@router.get("/{name:path}/all")
async def everything(name: str) -> None: ...


@router.get("/mine")
async def mine(
    caller: Annotated[Authorization | None, Depends(current_authorization)],
) -> str | None: ...


@router.get("/guarded", dependencies=[Depends(requires(read)), Depends(requires(write | read))])
async def guarded() -> None: ...


@router.get("/locked", dependencies=[Depends(key), Depends(requires(ALLOW_AUTHENTICATED))])
async def locked() -> None: ...


@router.get("/foreign", dependencies=[Depends(bearer)])
async def foreign() -> None: ...


@action(triggers=WebTrigger("POST", "/pets/{pet_id}"))
async def add_pet(pet_id: int) -> Pet: ...


@action(triggers=WebTrigger("GET", "/pets/{name}/{what}"), access_control=ScopeAccessControl("a"))
async def look(name: str, what: str) -> None: ...


ACTIONS = [add_pet, look]
SETTINGS = {"fastapi_routers": f"{__name__}:router"}


@pytest.fixture(scope="module")
def runtime(started: Any) -> Runtime:
    return started(ACTIONS, **SETTINGS)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def document(runtime: Runtime) -> Any:
    return json.loads(runtime.generate("openapi")[0].text)


def test_it_is_valid(document: Any) -> None:
    assert not [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()]


def test_it_is_the_same_from_the_server_and_the_generator(serve: Any) -> None:
    with serve(ACTIONS, **SETTINGS) as app:
        [artifact] = app.runtime.generate("openapi")
        assert app.get("/openapi.json").text == artifact.text
        assert fastapi_app(app.runtime).openapi() == json.loads(artifact.text)


def test_it_is_the_same_in_every_process(runtime: Runtime) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import test_routers_openapi as here\n"
        "from servey_core import action_of, start\n"
        "actions = [action_of(one) for one in here.ACTIONS]\n"
        "runtime = start(actions=actions, given=here.SETTINGS)\n"
        "print(runtime.generate('openapi')[0].text, end='')\n"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


def test_routes_are_described_as_fastapi_does(document: Any) -> None:
    operation = document["paths"]["/pets/{name}/owner"]["get"]
    assert operation["summary"] == "Find Owner"
    assert operation["description"] == "Who has it."
    assert operation["tags"] == ["pets"]
    limit = operation["parameters"][1]
    assert (limit["name"], limit["in"], limit["schema"]["minimum"]) == ("limit", "query", 1)
    assert "/pets/hidden" not in document["paths"]
    assert "/pets/odd" not in document["paths"]


def test_problems_are_what_is_answered(document: Any) -> None:
    answers = document["paths"]["/pets/{name}/owner"]["get"]["responses"]
    assert answers["422"] == {"$ref": "#/components/responses/InvalidInput"}
    assert answers["default"] == {"$ref": "#/components/responses/Problem"}
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()
    assert "422" not in document["paths"]["/pets/mine"]["get"]["responses"]


def test_schemas_of_one_name_are_told_apart(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert list(schemas["Pet"]["properties"]) == ["name"]
    assert list(schemas["Pet-2"]["properties"]) == ["nickname"]
    items = schemas["Owner"]["properties"]["pets"]["items"]
    assert items == {"$ref": "#/components/schemas/Pet-2"}


def test_a_path_is_written_as_the_actions_write_it(document: Any) -> None:
    item = document["paths"]["/pets/{pet_id}"]
    assert list(item) == ["post", "put"]
    assert [one["name"] for one in item["put"]["parameters"]] == ["pet_id"]
    assert item["put"]["responses"]["409"] == {"description": "Taken."}


def test_operations_have_ids_of_their_own(document: Any) -> None:
    ids = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(set(ids)) == len(ids)
    assert "add_pet" in ids
    assert "add_pet_put" in ids
    both = document["paths"]["/pets/{name}/both"]
    assert both["get"]["operationId"] == "both_pets__name__both_get"
    assert both["post"]["operationId"] == "both_pets__name__both_get_post"


def test_security_is_that_of_access_controls(document: Any) -> None:
    paths = document["paths"]
    assert paths["/pets/mine"]["get"]["security"] == [{}, {"bearer": []}, {"debug_login": []}]
    guarded = paths["/pets/guarded"]["get"]
    assert guarded["security"] == [
        {"bearer": ["read", "write"]},
        {"debug_login": ["read", "write"]},
        {"bearer": ["read"]},
        {"debug_login": ["read"]},
    ]
    assert guarded["responses"]["401"] == {"$ref": "#/components/responses/Unauthorized"}
    assert guarded["responses"]["403"] == {"$ref": "#/components/responses/PermissionDenied"}
    locked = paths["/pets/locked"]["get"]["security"]
    assert locked == [{"key": [], "bearer": []}, {"key": [], "debug_login": []}]
    flow = document["components"]["securitySchemes"]["debug_login"]["flows"]["password"]
    assert list(flow["scopes"]) == ["a", "read", "write"]


def test_a_scheme_of_the_users_own_keeps_apart(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["bearerFormat"] == "JWT"
    assert schemes["bearer_2"]["description"] == "Somebody else's."
    assert document["paths"]["/pets/foreign"]["get"]["security"] == [{"bearer_2": []}]


def test_an_action_goes_before_a_route_that_looks_the_same_in_a_document(document: Any) -> None:
    assert document["paths"]["/pets/{name}/{what}"]["get"]["operationId"] == "look"
    assert "get" in document["paths"]["/pets/{name}/all"]


def test_a_stream_of_fastapis_is_valid_too(started: Any) -> None:
    streams = APIRouter()
    with suppress(FastAPIError):  # the oldest have no streams

        @streams.get("/ticks")
        async def ticks() -> AsyncIterator[Pet]:
            yield Pet("x")

    globals()["streams"] = streams
    runtime = started([], fastapi_routers=f"{__name__}:streams")
    document = json.loads(runtime.generate("openapi")[0].text)
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_without_routers_the_document_is_the_actions_alone(started: Any) -> None:
    runtime = started(ACTIONS)
    document = json.loads(runtime.generate("openapi")[0].text)
    assert list(document["paths"]) == ["/pets/{pet_id}", "/pets/{name}/{what}"]
