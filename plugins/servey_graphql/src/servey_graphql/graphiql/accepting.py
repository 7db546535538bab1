"""Whether a request is a browser's, which wants a page (RFC 9110, section 12.5.1)."""

_HTML = "text/html"
_MACHINES = ("application/graphql-response+json", "application/json")


def wants_page(accept: str) -> bool:
    """Whether HTML is asked for by its name, and liked no less than any JSON that is named.

    Args:
        accept: The field `Accept`; empty where there is none, which asks for no page.
    """
    liked = dict(_range(text) for text in accept.split(","))
    wanted = liked.get(_HTML, 0.0)
    return wanted > 0 and all(wanted >= liked.get(kind, 0.0) for kind in _MACHINES)


def _range(text: str) -> tuple[str, float]:
    """A media range and its weight; one that cannot be read weighs nothing."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return kind, float(weight)
    except ValueError:
        return kind, 0.0
