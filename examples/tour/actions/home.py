"""The page that the application opens with: a template makes it of what the action returns."""

from dataclasses import dataclass

from servey_core import Example, WebPageTrigger, action


@dataclass(frozen=True)
class Place:
    """Something to look at.

    Attributes:
        path: Where it is.
        name: What it is called.
        about: What is seen there.
    """

    path: str
    name: str
    about: str


PLACES = [
    Place("/docs", "REST", "every operation, to read and to try"),
    Place("/openapi.json", "OpenAPI", "the same, for programs"),
    Place("/graphql", "GraphQL", "the same actions, in an explorer"),
    Place("/asyncapi", "Channels", "a chat, to listen to and to talk in"),
    Place("/actions/say-hello?name=World", "An action", "one of them, called"),
]


@action(triggers=WebPageTrigger("/"), tags="pages", examples=Example("home", result=PLACES))
def home() -> list[Place]:
    """Show what there is to see."""
    return PLACES
