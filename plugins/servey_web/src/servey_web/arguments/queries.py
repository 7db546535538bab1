"""Reading `application/x-www-form-urlencoded`, as query strings and forms are, in strict UTF-8."""

from urllib.parse import unquote

from servey_core import BadRequest

Pairs = list[tuple[str, str]]


def parse_query(query: bytes, called: str = "query string") -> Pairs:
    """Read the pairs of names and texts of a query string, in their order.

    As the URL standard has it: `+` is a space, a name without `=` has an empty text, and a `%` that
    no two hexadecimal digits follow stands for itself.

    Args:
        query: What is to be read.
        called: What it is, for the caller.

    Raises:
        BadRequest: It is not UTF-8, or has a NUL.
    """
    if not query:
        return []
    try:
        text = query.decode()
        if "+" in text:
            text = text.replace("+", " ")
        pairs = [_pair(part) for part in text.split("&") if part]
        if "%" in text:
            pairs = [(_decoded(name), _decoded(value)) for name, value in pairs]
    except UnicodeDecodeError:
        raise BadRequest(f"The {called} is not valid UTF-8.") from None
    if "\0" in text or "%00" in text:
        raise BadRequest(f"The {called} has a NUL character.")
    return pairs


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name, value


def _decoded(text: str) -> str:
    return unquote(text, errors="strict")
