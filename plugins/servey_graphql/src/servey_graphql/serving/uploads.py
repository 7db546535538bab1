"""Files of an operation, by the GraphQL multipart request specification.

The form has the request in the field `operations`, with null wherever a file belongs; the field
`map` says where which file belongs; and then there are the files.
"""

import re
from email.message import Message
from typing import Any

from servey_core import BadRequest, File
from servey_core.jsons import parse_json
from servey_graphql.serving.requests import Asked, asked_in_body
from servey_web import Multipart

PREFLIGHT_HEADERS = (b"graphql-preflight", b"x-requested-with", b"apollo-require-preflight")
"""One of these has to be there: no page of another origin can send it unasked."""
MAX_PLACES = 1000
"""In how many places files may stand."""
_INDEX = re.compile(r"[0-9]{1,6}")


class UploadForm:
    """An operation that came with files; whoever reads it closes it.

    Attributes:
        asked: What it asks.
    """

    __slots__ = ("_form", "asked")

    def __init__(self, asked: Asked, form: Multipart) -> None:
        self.asked = asked
        self._form = form

    def close(self) -> None:
        """Let go of the files."""
        self._form.close()


def is_multipart(content_type: bytes) -> bool:
    """Whether a body is a form with files."""
    return content_type.partition(b";")[0].strip().lower() == b"multipart/form-data"


async def read_form(headers: dict[bytes, bytes], body: bytes) -> UploadForm:
    """Read an operation with files.

    Args:
        headers: The request's header fields.
        body: The whole body.

    Raises:
        BadRequest: It is malformed, no operation, or could be another origin's.
        PayloadTooLarge: There is more of something than is accepted.
        UnsupportedMediaType: A part is encoded in a way that forms do not have.
    """
    if not any(name in headers for name in PREFLIGHT_HEADERS):
        raise BadRequest("A form needs the header GraphQL-Preflight: 1, against forged requests.")
    form = Multipart(_boundary(headers[b"content-type"]), len(body))
    try:
        await form.feed(body)
        form.finish()
        return UploadForm(_asked(form), form)
    except BaseException:
        form.close()
        raise


def _boundary(content_type: bytes) -> bytes:
    head = Message()
    head["Content-Type"] = content_type.decode("latin-1")
    return (head.get_boundary() or "").encode("latin-1")


def _asked(form: Multipart) -> Asked:
    fields = dict(form.fields)
    if len(fields) != len(form.fields) or fields.keys() != {"operations", "map"}:
        raise BadRequest("A form has the fields `operations` and `map` once each, and no other.")
    asked = asked_in_body(fields["operations"].encode())
    places = parse_json(fields["map"].encode())
    given = [(one.name, one.finish()) for one in form.uploads if one.given]
    files = dict(given)
    if len(files) != len(given):
        raise BadRequest("Two files of the form have one name.")
    if not isinstance(places, dict) or places.keys() != files.keys():
        raise BadRequest("`map` must be an object that names each file of the form, and no other.")
    _place_all(asked.variables, places, files)
    return asked


def _place_all(variables: dict[str, Any], places: dict[str, Any], files: dict[str, File]) -> None:
    left = MAX_PLACES
    for name, paths in places.items():
        if not isinstance(paths, list) or not paths:
            raise BadRequest(f"`map.{name[:100]}` must be a list of places.")
        left -= len(paths)
        if left < 0:
            raise BadRequest(f"`map` has more than {MAX_PLACES} places.")
        for path in paths:
            _place(variables, path, files[name])


def _place(variables: dict[str, Any], path: Any, file: File) -> None:
    """Put a file where null stands."""
    if not isinstance(path, str) or not path.startswith("variables."):
        raise BadRequest("A place in `map` is a text such as variables.file or variables.files.0.")
    holder: Any = variables
    *parents, last = path.split(".")[1:]
    try:
        for part in parents:
            holder = holder[_key(holder, part)]
        key = _key(holder, last)
        taken = holder[key] is not None
    except (KeyError, IndexError, TypeError):
        raise BadRequest(f"There is no place {path[:100]!r} for a file.") from None
    if taken:
        raise BadRequest(f"The place {path[:100]!r} for a file does not have null.")
    holder[key] = file


def _key(holder: Any, part: str) -> str | int:
    """What a part of a place is called in its holder.

    Raises:
        TypeError: The holder has no such places.
    """
    if isinstance(holder, dict):
        return part
    if isinstance(holder, list) and _INDEX.fullmatch(part):
        return int(part)
    raise TypeError(part)
