"""The smallest application: one action."""

from servey_core import WEB_GET, Example, action


@action(triggers=WEB_GET, examples=Example("world", {"name": "World"}, "Hello World!"))
def say_hello(name: str) -> str:
    """Greet somebody."""
    return f"Hello {name}!"
