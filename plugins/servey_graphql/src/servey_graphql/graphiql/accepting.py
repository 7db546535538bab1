"""Whether a request is a browser's, which wants a page (RFC 9110, section 12.5.1)."""

from servey_graphql.serving.negotiation import JSON, RESPONSE, weights

_HTML = "text/html"


def wants_page(accept: bytes) -> bool:
    """Whether HTML is asked for by its name, and liked no less than any JSON that is named.

    Args:
        accept: The field `Accept`; empty where there is none, which asks for no page.
    """
    liked = weights(accept)
    wanted = liked.get(_HTML, 0.0)
    return wanted > 0 and all(wanted >= liked.get(one.name, 0.0) for one in (JSON, RESPONSE))
