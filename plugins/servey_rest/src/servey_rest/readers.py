"""How a request becomes arguments: one reader for each action and method, made at start-up.

GET and its like take the arguments from the query string, the others from a JSON body; either may
take some from the path. What is not an argument is refused, wherever it stands.
"""

import re
from collections.abc import Callable
from typing import Any

from starlette.types import Scope

from servey_core import BadRequest, FieldError, InvalidInput, Signature
from servey_core.errors import UnsupportedMediaType
from servey_core.signatures import MAX_ERRORS
from servey_rest.queries import Pairs, parse_query
from servey_web import headers_of

Arguments = dict[str, Any]

BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS", "TRACE"))
"""Methods whose content has no meaning (RFC 9110, section 9.3)."""

_JSON = b"application/json"
_JSON_TYPE = re.compile(rb"application/([a-z0-9!#$&^_.-]+\+)?json", re.IGNORECASE)
_UTF8 = re.compile(rb"charset\s*=\s*\"?utf-?8\"?", re.IGNORECASE)


def query_reader(signature: Signature, in_path: tuple[str, ...]) -> Callable[[Scope], Arguments]:
    """What reads the arguments of a request without a body.

    Args:
        signature: What the action takes.
        in_path: The parameters that stand in the path.
    """
    from_texts = signature.from_texts

    def read(scope: Scope) -> Arguments:
        return from_texts(parse_query(scope["query_string"]))

    def read_both(scope: Scope) -> Arguments:
        return from_texts([*_path_pairs(scope), *parse_query(scope["query_string"])])

    return read_both if in_path else read


def body_reader(
    signature: Signature, in_path: tuple[str, ...]
) -> Callable[[tuple[Scope, bytes]], Arguments]:
    """What reads the arguments of a request with a body.

    Args:
        signature: What the action takes.
        in_path: The parameters that stand in the path.
    """
    in_body = [name for name in signature.parameters if name not in in_path]
    from_json = signature.only(in_body).from_json if in_path else signature.from_json
    from_texts = signature.only(in_path).from_texts

    def read(given: tuple[Scope, bytes]) -> Arguments:
        scope, body = given
        if scope["query_string"]:
            _refuse_query(scope)
        if body:
            _check_content_type(scope)
        return from_json(body or b"{}")

    def read_both(given: tuple[Scope, bytes]) -> Arguments:
        return _together(lambda: from_texts(_path_pairs(given[0])), lambda: read(given))

    return read_both if in_path else read


def _path_pairs(scope: Scope) -> Pairs:
    pairs = list(scope["path_params"].items())
    for _, text in pairs:
        # Servers put U+FFFD where a path is not UTF-8.
        if "\0" in text or "\ufffd" in text:
            raise BadRequest("The path is not valid UTF-8, or has a NUL character.")
    return pairs


def _together(*readers: Callable[[], Arguments]) -> Arguments:
    """Read all parts, so that a refusal names every bad field."""
    arguments: Arguments = {}
    errors: list[FieldError] = []
    for read in readers:
        try:
            arguments.update(read())
        except InvalidInput as error:
            errors.extend(error.errors)
    if errors:
        raise InvalidInput(errors=errors)
    return arguments


def _check_content_type(scope: Scope) -> None:
    content_type = headers_of(scope).get(b"content-type", b"")
    if content_type == _JSON:
        return
    media_type, _, parameters = content_type.partition(b";")
    if not _JSON_TYPE.fullmatch(media_type.strip()):
        raise UnsupportedMediaType("The body must be JSON: Content-Type: application/json.")
    if b"charset" in parameters.lower() and not _UTF8.search(parameters):
        raise UnsupportedMediaType("JSON is encoded in UTF-8 (RFC 8259, section 8.1).")


def _refuse_query(scope: Scope) -> None:
    names = list(dict.fromkeys(name for name, _ in parse_query(scope["query_string"])))
    text = f"The query string is not read with {scope['method']}: arguments are in the body."
    raise InvalidInput(
        errors=[FieldError(f"#/{name}", text, "extra_forbidden") for name in names[:MAX_ERRORS]]
    )
