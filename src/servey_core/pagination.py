"""Long results in pages: a `Page` has a few of many, and a `Cursor` says where the next begins.

On the wire a cursor is one opaque text: callers give back what a page gave them, and an application
is free to change what is in it. The function takes and gives the plain value.
"""

import types
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema, from_json, to_json

_VERSION = "1"
"""What a cursor begins with, so that another form can be told from this one some day."""

ItemT = TypeVar("ItemT")
PlaceT = TypeVar("PlaceT")


@dataclass(frozen=True, slots=True)
class Opaque:
    """Says that a value is one opaque text wherever it leaves Python.

    Attributes:
        always_text: Whether it is read from text even where Python values are read.
    """

    always_text: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        plain = handler(source)
        adapter: TypeAdapter[Any] = TypeAdapter(source)

        def read(text: str, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
            try:
                return check(adapter.validate_json(_from_text(text), strict=True))
            except ValueError:  # what pydantic finds wrong is one too
                raise PydanticCustomError(
                    "cursor", "This is not a cursor that this API gave out"
                ) from None

        reading = core_schema.chain_schema(
            [
                core_schema.str_schema(),
                core_schema.no_info_wrap_validator_function(read, plain),
            ]
        )
        return core_schema.json_or_python_schema(
            json_schema=reading,
            python_schema=reading if self.always_text else plain,
            serialization=core_schema.plain_serializer_function_ser_schema(
                cursor_text, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "description": "A place to go on from, as a page gave it."}


Cursor: TypeAlias = Annotated[PlaceT, Opaque()]
"""Where a page begins, as a parameter: `after: Cursor[int] | None = None`.

The function is given the plain value, of any type that JSON can hold: a number, a moment, a
dataclass. Callers give the text that `Page.next` was written as; any other is refused. The text
is neither secret nor signed: check what may be seen as for any argument.
"""


@dataclass(frozen=True)
class Page(Generic[ItemT]):
    """A few of many items.

    Attributes:
        items: The items.
        next: What the `Cursor` parameter takes for the next page; None where this is the last.
    """

    items: list[ItemT]
    next: Cursor[Any] | None = None


def is_cursor(annotation: Any) -> bool:
    """Whether a parameter of this type takes a cursor, or none."""
    members = get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return all(is_cursor(member) for member in members if member is not type(None))
    return get_origin(annotation) is Annotated and (
        any(isinstance(mark, Opaque) for mark in members[1:]) or is_cursor(members[0])
    )


def cursor_from_text(annotation: Any) -> Any | None:
    """The type of a cursor that is read from text only; None for any other type."""
    if get_origin(annotation) is not Annotated:
        return None
    kind, *marks = get_args(annotation)
    if not any(isinstance(mark, Opaque) for mark in marks):
        return None
    marks = [Opaque(always_text=True) if isinstance(mark, Opaque) else mark for mark in marks]
    return Annotated[(kind, *marks)]


def cursor_text(place: object) -> str:
    """Write a cursor.

    Raises:
        PydanticSerializationError: JSON cannot hold it.
    """
    return _as_text(to_json(place, by_alias=True))


def cursor_in_json(place: object, annotation: Any) -> Any:
    """What an argument that is a cursor looks like in JSON, where it may look so already.

    Args:
        place: A place as Python has it, or a cursor's text; anything else stays as it is.
        annotation: The parameter's type.

    Raises:
        PydanticSerializationError: JSON cannot hold it.
    """
    if place is None or (isinstance(place, str) and not _is_place(place, annotation)):
        return place
    return cursor_text(place)


def _is_place(text: str, annotation: Any) -> bool:
    """Whether a text is a place itself, such as a name, rather than the text of a cursor."""
    try:
        from_json(_from_text(text))
    except ValueError:
        pass
    else:
        return False
    try:
        TypeAdapter(annotation).validate_python(text, strict=True)
    except ValidationError:
        return False
    return True


def _as_text(json: bytes) -> str:
    return _VERSION + urlsafe_b64encode(json).decode().rstrip("=")


def _from_text(text: str) -> bytes:
    padding = "=" * (-len(text.removeprefix(_VERSION)) % 4)
    json = urlsafe_b64decode(text.removeprefix(_VERSION) + padding)
    if _as_text(json) != text:  # the library reads what it would not write
        raise ValueError(text)
    return json
