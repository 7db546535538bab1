"""How a request becomes arguments: one reader for each action and method, made at start-up.

GET and its like take the arguments from the query string, the others from a JSON body or a form;
any may take some from the path, from headers and cookies. What is not an argument is refused,
wherever it stands, but for headers and cookies: callers send many that are nobody's.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Scope

from servey_core import BadRequest, FieldError, InvalidInput, Signature
from servey_core.errors import UnsupportedMediaType, json_pointer
from servey_core.refusals import MAX_ERRORS
from servey_core.texts import Shape, given_twice
from servey_web.arguments.forms import FormContent, file_shapes
from servey_web.arguments.headers import InHeaders, header_reader, in_headers
from servey_web.arguments.queries import Pairs, parse_query
from servey_web.scopes import headers_of

Arguments = dict[str, Any]

BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS", "TRACE"))
"""Methods whose content has no meaning (RFC 9110, section 9.3)."""

_JSON = b"application/json"
_JSON_TYPE = re.compile(rb"application/([a-z0-9!#$&^_.-]+\+)?json", re.IGNORECASE)
_UTF8 = re.compile(rb"charset\s*=\s*\"?utf-?8\"?", re.IGNORECASE)


def takes_form(method: str, signature: Signature, *, form: bool = False) -> bool:
    """Whether arguments come from a form: the trigger says so, or there are files among them.

    Args:
        method: The method.
        signature: What the action takes.
        form: What the trigger says.

    Raises:
        ValueError: There are files, and the method has no body.
    """
    files = file_shapes(signature)
    if files and method in BODILESS:
        raise ValueError(
            f"the parameter {next(iter(files))!r} is a file, and {method} has no body; "
            f"use POST, PUT or PATCH."
        )
    return form or bool(files)


def query_reader(signature: Signature, in_path: tuple[str, ...]) -> Callable[[Scope], Arguments]:
    """What reads the arguments of a request without a body.

    Args:
        signature: What the action takes.
        in_path: The parameters that stand in the path.

    Raises:
        ValueError: A parameter cannot be read from the header or cookie that it names.
    """
    if places := _headers_beside(signature, in_path):
        read_query = query_reader(_without(signature, places), in_path)
        from_headers = header_reader(signature, places)
        return lambda scope: _together(lambda: read_query(scope), lambda: from_headers(scope))
    from_texts, validate = signature.from_texts, signature.plain_texts_validator()

    def read(scope: Scope) -> Arguments:
        return from_texts(parse_query(scope["query_string"]))

    def read_both(scope: Scope) -> Arguments:
        return from_texts([*_path_pairs(scope), *parse_query(scope["query_string"])])

    if validate is None:
        return read_both if in_path else read
    return quick_path_reader(validate, read_both) if in_path else quick_reader(validate, read)


def quick_reader(
    validate: Callable[[dict[str, str]], Arguments], read_any: Callable[[Scope], Arguments]
) -> Callable[[Scope], Arguments]:
    """What reads query strings that have nothing unusual in a third of the time.

    Args:
        validate: What checks the texts.
        read_any: What reads the others, and says what is wrong with them.
    """

    def read(scope: Scope) -> Arguments:
        try:
            text = scope["query_string"].decode()
            if text and not ("%" in text or "+" in text or "\0" in text):
                raw = {}
                pairs = text.split("&")
                for pair in pairs:
                    name, _, value = pair.partition("=")
                    raw[name] = value
                arguments = validate(raw)
                if len(arguments) == len(pairs):
                    return arguments
        except ValueError:  # of which pydantic's is one
            pass
        return read_any(scope)

    return read


def quick_path_reader(
    validate: Callable[[dict[str, str]], Arguments], read_any: Callable[[Scope], Arguments]
) -> Callable[[Scope], Arguments]:
    """What reads paths without a query string, likewise."""

    def read(scope: Scope) -> Arguments:
        in_path = scope["path_params"]
        if not scope["query_string"]:
            for text in in_path.values():
                if "\0" in text or "\ufffd" in text:
                    break
            else:
                try:
                    return validate(in_path)
                except ValueError:  # of which pydantic's is one
                    pass
        return read_any(scope)

    return read


def body_reader(
    signature: Signature, in_path: tuple[str, ...]
) -> Callable[[tuple[Scope, bytes]], Arguments]:
    """What reads the arguments of a request with a JSON body.

    Args:
        signature: What the action takes.
        in_path: The parameters that stand in the path.

    Raises:
        ValueError: A parameter cannot be read from the header or cookie that it names.
    """
    if places := _headers_beside(signature, in_path):
        read_body = body_reader(_without(signature, places), in_path)
        from_headers = header_reader(signature, places)
        return lambda given: _together(lambda: read_body(given), lambda: from_headers(given[0]))
    in_body = [name for name in signature.parameters if name not in in_path]
    from_json = signature.only(in_body).from_json if in_path else signature.from_json
    from_texts = signature.only(in_path).from_texts

    def read(given: tuple[Scope, bytes]) -> Arguments:
        scope, body = given
        if scope["query_string"]:
            _refuse_query(scope)
        if not body:
            return from_json(b"{}")
        if headers_of(scope).get(b"content-type") != _JSON:
            _check_content_type(scope)
        return from_json(body)

    def read_both(given: tuple[Scope, bytes]) -> Arguments:
        return _together(lambda: from_texts(_path_pairs(given[0])), lambda: read(given))

    return read_both if in_path else read


def form_reader(
    signature: Signature, in_path: tuple[str, ...]
) -> Callable[[tuple[Scope, FormContent]], Arguments]:
    """What reads the arguments of a request with a form.

    Args:
        signature: What the action takes.
        in_path: The parameters that stand in the path.

    Raises:
        ValueError: A parameter cannot be read from the header or cookie that it names.
    """
    places = _headers_beside(signature, in_path)
    from_headers = header_reader(signature, places)
    in_form = _without(signature, places)
    shapes = {name: one for name, one in file_shapes(in_form).items() if name not in in_path}
    from_path = signature.only(in_path).from_texts
    from_texts = in_form.only(in_form.parameters.keys() - shapes.keys() - {*in_path}).from_texts
    from_files = in_form.only(shapes).from_python

    def read(given: tuple[Scope, FormContent]) -> Arguments:
        scope, form = given
        if scope["query_string"]:
            _refuse_query(scope)
        _check_kinds(form, shapes, in_form)
        return _together(
            lambda: from_path(_path_pairs(scope)) if in_path else {},
            lambda: from_texts(form.fields),
            lambda: from_files(_gathered(form, shapes)),
            lambda: from_headers(scope),
        )

    return read


def _headers_beside(signature: Signature, in_path: tuple[str, ...]) -> InHeaders:
    places = in_headers(signature)
    for name in in_path:
        if name in places:
            raise ValueError(f"the parameter {name!r} stands in the path; it has no other place.")
    return places


def _without(signature: Signature, places: InHeaders) -> Signature:
    return signature.only([name for name in signature.parameters if name not in places])


def _check_kinds(form: FormContent, shapes: Mapping[str, Shape], signature: Signature) -> None:
    """Refuse texts that should be files, and files that should be texts."""
    wrong = {
        name: FieldError(
            json_pointer([name]), "A file is wanted: a part with a filename.", "file_type"
        )
        for name, _ in form.fields
        if name in shapes
    }
    for name, _ in form.files:
        if name in signature.parameters and name not in shapes:
            text = "A field is wanted, not a file: a part without a filename."
            wrong[name] = FieldError(json_pointer([name]), text, "field_type")
    if wrong:
        raise InvalidInput(errors=list(wrong.values())[:MAX_ERRORS])


def _gathered(form: FormContent, shapes: Mapping[str, Shape]) -> dict[str, Any]:
    gathered: dict[str, Any] = {}
    for name, file in form.files:
        if shapes.get(name) is Shape.SEVERAL:
            gathered.setdefault(name, []).append(file)
        elif name in gathered:
            raise given_twice(name)
        else:
            gathered[name] = file
    return gathered


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
        errors=[
            FieldError(json_pointer([name]), text, "extra_forbidden") for name in names[:MAX_ERRORS]
        ]
    )
