"""What a caller calls a request, so that trying it once more does it once."""

import re

from starlette.types import Scope

from servey_core.errors import BadRequest
from servey_web.scopes import headers_of

_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')


def idempotency_key(scope: Scope) -> str | None:
    """The field `Idempotency-Key`: a string of RFC 9651, section 3.3.3, or that without its quotes.

    None where there is none.

    Raises:
        BadRequest: It is neither, or there are several.
    """
    if b"idempotency-key" not in headers_of(scope):
        return None
    values = [value for name, value in scope["headers"] if name == b"idempotency-key"]
    if len(values) > 1:
        raise BadRequest("The header Idempotency-Key is given twice.")
    text: str = values[0].decode("latin-1").strip()
    if not text.startswith('"'):
        return text
    if not (match := _STRING.fullmatch(text)):
        raise BadRequest('The header Idempotency-Key is a string: "a key".')
    return re.sub(r"\\(.)", r"\1", match[1])
