"""Forms: `application/x-www-form-urlencoded` and `multipart/form-data`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.types import Receive, Scope

from servey_core import File, Signature
from servey_core.errors import UnsupportedMediaType
from servey_core.texts import Shape, file_shape
from servey_web.arguments.queries import Pairs, parse_query
from servey_web.bodies import Patience, body_chunks
from servey_web.multipart import MAX_FORM_FIELDS, Multipart, check_charset, too_many_fields
from servey_web.scopes import headers_of

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

TEXT_BYTES = 1024 * 1024
"""How large the fields beside files may be together: they are held in memory, files are not."""


@dataclass(frozen=True, slots=True)
class FormContent:
    """What a form brought.

    Attributes:
        fields: Names and texts, in their order.
        files: Names and files, in their order.
    """

    fields: Pairs
    files: list[tuple[str, File]]

    def close(self) -> None:
        """Let go of the files."""
        for _, file in self.files:
            file.close()


TakeForm = Callable[[Scope, Receive], Awaitable[FormContent]]


def file_shapes(signature: Signature) -> dict[str, Shape]:
    """The parameters that take a file (`ONE`) or several (`SEVERAL`)."""
    shapes = {name: file_shape(one.annotation) for name, one in signature.parameters.items()}
    return {name: shape for name, shape in shapes.items() if shape is not None}


def form_taker(signature: Signature, limit: int, patience: Patience) -> TakeForm:
    """What receives the form of a request; whoever calls it closes what it gives.

    It raises `UnsupportedMediaType` for what is no form, `BadRequest` for what is malformed,
    `PayloadTooLarge` for more than is accepted, `RequestTimeout` for what comes too slowly, and
    `servey_web.ClientDisconnected`. It leaves no file open then.

    Args:
        signature: What the action takes.
        limit: The largest body, in bytes.
        patience: How long a body may take.
    """
    texts = min(limit, TEXT_BYTES) if file_shapes(signature) else limit

    async def take(scope: Scope, receive: Receive) -> FormContent:
        content_type, parameters = parse_options_header(headers_of(scope).get(b"content-type"))
        media_type = content_type.decode("latin-1")
        most = texts if media_type == URLENCODED else limit
        async with aclosing(body_chunks(scope, receive, most, patience)) as chunks:
            if media_type == URLENCODED:
                return await _urlencoded(chunks, parameters)
            if media_type == MULTIPART:
                return await _multipart(chunks, parameters, texts)
            async for _ in chunks:
                raise UnsupportedMediaType(
                    f"The body must be a form: Content-Type: {MULTIPART} or {URLENCODED}."
                )
        return FormContent([], [])

    return take


async def _urlencoded(chunks: AsyncIterator[bytes], parameters: dict[bytes, bytes]) -> FormContent:
    check_charset(parameters)
    body = b"".join([chunk async for chunk in chunks])
    if body.count(b"&") >= MAX_FORM_FIELDS:
        raise too_many_fields()
    return FormContent(parse_query(body, "form"), [])


async def _multipart(
    chunks: AsyncIterator[bytes], parameters: dict[bytes, bytes], texts: int
) -> FormContent:
    form = Multipart(parameters.get(b"boundary", b""), texts)
    try:
        async for chunk in chunks:
            await form.feed(chunk)
        form.finish()
    except BaseException:
        form.close()
        raise
    files = [(one.name, one.finish()) for one in form.uploads if one.given]
    return FormContent(form.fields, files)
