"""Paths that fit, paths that do not, and paths that two claim."""

from dataclasses import dataclass
from typing import Any

import pytest

import servey_web
from servey_core import WEB_GET, ActionError, Authorization, ConfigurationError, WebTrigger, action


@dataclass
class Pet:
    name: str


def web(path: str, method: str = "GET") -> WebTrigger:
    return WebTrigger(method, path)


@action(triggers=web("/pets/{pet_id}"))
async def find_pet(pet_id: int) -> int:
    return pet_id


@action(triggers=web("/pets/{name}"))
async def find_by_name(name: str) -> str:
    return name


@action(triggers=web("/pets/{pet_id}", "DELETE"))
async def drop_pet(pet_id: int) -> str:
    return f"dropped {pet_id}"


@action(triggers=web("/pets/all"))
async def all_pets() -> str:
    return "all"


def test_plain_paths_go_before_parameters(serve: Any) -> None:
    with serve([find_pet, all_pets, drop_pet]) as app:
        assert app.get("/pets/all").json() == "all"
        assert app.get("/pets/7").json() == 7
        assert app.client.delete("/pets/7").json() == "dropped 7"
        assert app.client.delete("/pets/all").status_code == 405


def test_two_claims_to_one_place_name_both(started: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"find_pet.*find_by_name"):
        servey_web.create_app(started([find_pet, find_by_name]))


def test_a_path_parameter_must_be_the_actions(started: Any) -> None:
    @action(triggers=web("/pets/{id}"))
    async def stray(pet_id: int) -> int:
        return pet_id

    with pytest.raises(ActionError, match=r"'id'; callers give: pet_id.") as caught:
        servey_web.create_app(started([stray]))
    assert "test_routes.py" in caught.value.place


@pytest.mark.parametrize("kind", [list[int], Pet, Any, Authorization])
def test_a_path_parameter_must_fit_into_a_segment(started: Any, kind: Any) -> None:
    async def unfit(value) -> None: ...  # type: ignore[no-untyped-def]

    unfit.__annotations__["value"] = kind
    with pytest.raises(ActionError, match="value"):
        servey_web.create_app(started([action(triggers=web("/x/{value}"))(unfit)]))


@pytest.mark.parametrize("path", ["/x-{value}", "/{value}/{value}", "/x/{}"])
def test_a_path_must_be_well_formed(started: Any, path: str) -> None:
    @action(triggers=web(path))
    async def unfit(value: int) -> int:
        return value

    with pytest.raises(ActionError, match="unfit"):
        servey_web.create_app(started([unfit]))


def test_every_trigger_is_served(started: Any) -> None:
    @action(triggers=(WEB_GET, web("/hello"), web("/hello", "POST"), web("/hello", "REPORT")))
    async def hello() -> str:
        return "hello"

    runtime = started([hello])
    runtime.require_served(one.record for one in runtime.services().values())
