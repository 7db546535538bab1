"""How often an action may be run: what is left is told in header fields, one more is refused."""

from servey_core import WEB_GET, Example, RateLimit, action


@action(
    triggers=WEB_GET,
    rate_limits=(RateLimit("100/minute"), RateLimit("5000/hour", per="everybody")),
    tags="limits",
    examples=Example("one", result="A horse walks into a bar."),
)
def tell_joke() -> str:
    """Tell a joke, a hundred times a minute to each caller."""
    return "A horse walks into a bar."
