"""A shelter for pets, as pages."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from servey_core import (
    WEB_GET,
    Authorization,
    Example,
    FieldError,
    InvalidInput,
    NotFound,
    Redirect,
    ScopeAccessControl,
    SecureHashCacheControl,
    Unauthorized,
    WebPageTrigger,
    WebTrigger,
    action,
)

Kind = Literal["cat", "dog", "other"]


@dataclass
class Pet:
    number: int
    name: str
    kind: Kind
    age: int
    tricks: list[str] = field(default_factory=list)


@dataclass
class Duties:
    subject: str
    pets: list[Pet]


YOUNG = 3
"""Up to this age, in years, somebody has to play with them."""

PETS = {
    1: Pet(1, "Rex", "dog", 3, ["roll over", "fetch <anything>"]),
    2: Pet(2, "Tom & Jerry", "other", 5),
}


@action(
    triggers=[WebPageTrigger("/", template="pets.j2", block="found"), WEB_GET],
    examples=[
        Example("one", {"text": "rex"}, [PETS[1]]),
        Example("none", {"text": "nobody of this name"}, []),
    ],
)
async def find_pets(text: str = "") -> list[Pet]:
    """Find pets by their names."""
    return [pet for pet in PETS.values() if text.lower() in pet.name.lower()]


@action(
    triggers=[WebPageTrigger("/pets/{number}", template="pet.j2"), WEB_GET],
    cache_control=SecureHashCacheControl(),
    examples=[
        Example("Rex", {"number": 1}, PETS[1]),
        Example("unknown", {"number": 0}, raises=NotFound),
    ],
)
async def show_pet(number: int) -> Pet:
    """Show a pet."""
    if number not in PETS:
        raise NotFound("This pet does not live here.")
    return PETS[number]


@action(
    triggers=[WebPageTrigger("/new", method="POST", template="new.j2"), WebTrigger("POST")],
    examples=[
        Example("a dog", {"name": "Fido", "kind": "dog", "age": 1}),
        Example("no name", {"name": "", "kind": "dog", "age": 1}, raises=InvalidInput),
        Example("taken", {"name": "Rex", "kind": "dog", "age": 1}, raises=InvalidInput),
    ],
)
async def take_in(
    name: Annotated[str, Field(min_length=2, max_length=40)],
    kind: Kind,
    age: Annotated[int, Field(ge=0, le=40)],
    tricks: list[str] | None = None,
) -> Redirect:
    """Take a pet in, and show it."""
    if name == "Rex":
        raise InvalidInput(errors=[FieldError("#/name", "There is a Rex already.", "taken")])
    number = max(PETS) + 1
    PETS[number] = Pet(number, name, kind, age, [trick for trick in tricks or [] if trick])
    return Redirect(f"/pets/{number}")


@action(
    triggers=[WebPageTrigger("/staff"), WEB_GET],
    access_control=ScopeAccessControl("staff"),
    examples=[
        Example("staff", authorization=Authorization("ann", frozenset(("staff",)))),
        Example("nobody", raises=Unauthorized),
    ],
)
async def staff(authorization: Authorization) -> Duties:
    """Show what is to be done, to who does it."""
    young = [pet for pet in PETS.values() if pet.age <= YOUNG]
    return Duties(authorization.subject or "somebody", young)
