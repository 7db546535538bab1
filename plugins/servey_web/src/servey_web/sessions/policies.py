"""What a browser lets pages load and do: Content-Security-Policy, and nonces in it (CSP 3)."""

from servey_web.responses import RawHeaders

CSP = b"content-security-policy"
"""The name of the field."""

_PLACE = "\0"
"""Where a nonce goes; no policy has it."""
_ELEMENTS = {"script-src": "script-src-elem", "style-src": "style-src-elem"}
"""What restricts scripts and styles, and what does for those that are elements, where it is there;
nonces go into both."""
_FALLBACK = "default-src"
_NONE = "'none'"
_UNSAFE = "'unsafe-inline'"
"""A nonce beside it would take its effect, and only it allows the attribute `style`."""


class ContentPolicy:
    """The policy of pages, made ready at start-up.

    Args:
        policy: As it is sent.

    Attributes:
        fields: The header field of a page without a nonce, in a list.
    """

    __slots__ = ("_parts", "fields")

    def __init__(self, policy: str) -> None:
        self.fields: RawHeaders = [(CSP, policy.encode("ascii"))]
        placed = _with_places(_directives(policy)).encode("ascii")
        self._parts = placed.split(_PLACE.encode())

    def with_nonce(self, nonce: str) -> RawHeaders:
        """The header field of a page that has scripts and styles with a nonce, in a list."""
        return [(CSP, f"'nonce-{nonce}'".encode("ascii").join(self._parts))]


def _directives(policy: str) -> dict[str, list[str]]:
    """The sources of each directive; of two of one name the first counts (section 2.2.1)."""
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        words = directive.split()
        if words:
            found.setdefault(words[0].lower(), words[1:])
    return found


def _with_places(directives: dict[str, list[str]]) -> str:
    """The policy, with places for a nonce where scripts and styles are restricted."""
    placed = dict(directives)
    for general, elements in _ELEMENTS.items():
        for name in (general, elements):
            sources = directives.get(name)
            if sources is None and name == general:
                sources = directives.get(_FALLBACK)
            if sources is not None and _UNSAFE not in sources:
                kept = [source for source in sources if source.lower() != _NONE]
                placed[name] = [*kept, _PLACE]
    return "; ".join(" ".join([name, *sources]) for name, sources in placed.items())
