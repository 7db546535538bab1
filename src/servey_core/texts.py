"""How text becomes values: in a query string, in a path, on a command line.

The annotation alone decides what a text means, never the text: `007` stays `"007"` for a `str` and
is 7 for an `int`. A list takes its name several times, or once; an object of plain fields takes one
name for each of them, `filter[name]=x` (OpenAPI's style `deepObject`); what is deeper is JSON.
"""

import dataclasses
import enum
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pydantic
import typing_extensions
from pydantic import BaseModel, BeforeValidator
from pydantic_core import PydanticKnownError

from servey_core.errors import BadRequest, FieldError, InvalidInput
from servey_core.jsons import parse_json

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FIELD = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]")
_MAPPINGS = (dict, Mapping)
_SEVERAL = (list, set, frozenset, tuple, Sequence, AbstractSet, Iterable)


class Shape(enum.Enum):
    """How a parameter is written as text."""

    ONE = "one"
    """One text: a string, a number, a date, an enum's value, ..."""
    SEVERAL = "several"
    """The name several times, once for each item."""
    OBJECT = "object"
    """One name for each field."""
    JSON = "json"
    """One text, which is JSON."""


def shape_of(annotation: Any) -> Shape:
    """How a parameter of this type is written as text."""
    members = [_plain(member) for member in _members(annotation) if member is not type(None)]
    shapes = {_shape_of_one(member) for member in members}
    return shapes.pop() if len(shapes) == 1 else Shape.JSON


def text_annotation(annotation: Any) -> Any:
    """The same type, as it is read from text."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(text_annotation(arguments[0]), *arguments[1:])]
    if origin in (Union, types.UnionType):
        return Union[tuple(map(text_annotation, arguments))]  # noqa: UP007 - it is not written out
    if origin in _SEVERAL and arguments:
        return origin[tuple(a if a is ... else text_annotation(a) for a in arguments)]
    before = _before_validation(annotation)
    return Annotated[annotation, BeforeValidator(before)] if before else annotation


def _before_validation(annotation: Any) -> Callable[[object], object] | None:
    """What makes of a text what pydantic would not, or refuses what pydantic would take."""
    if get_origin(annotation) is Literal:
        return _lookup(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _lookup(member.value for member in annotation)
    if annotation is int:
        return _check(_INTEGER, "int_parsing")
    return _check(_NUMBER, "float_parsing") if annotation is float else None


class TextReader:
    """Gathers the texts of one call into one raw value for each parameter.

    Args:
        shapes: How each parameter is written.
    """

    __slots__ = ("_shapes",)

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = dict(shapes)

    def gather(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """One raw value for each parameter; unknown names are kept, for validation to refuse.

        Raises:
            InvalidInput: A parameter that takes one text is given twice.
            BadRequest: A text that should be JSON is not.
        """
        raw: dict[str, Any] = {}
        for name, text in pairs:
            shape = self._shapes.get(name)
            if shape is Shape.SEVERAL:
                raw.setdefault(name, []).append(text)
            elif name in raw:
                raise _given_twice(name)
            elif shape is Shape.ONE:
                raw[name] = text
            elif shape is None:
                self._gather_field(raw, name, text)
            else:
                raw[name] = parse_json(_utf8(text))
        return raw

    def _gather_field(self, raw: dict[str, Any], name: str, text: str) -> None:
        match = _FIELD.fullmatch(name)
        if match is None or self._shapes.get(match[1]) is not Shape.OBJECT:
            raw[name] = text
            return
        fields = raw.setdefault(match[1], {})
        if not isinstance(fields, dict) or match[2] in fields:
            raise _given_twice(name)
        fields[match[2]] = text


def _given_twice(name: str) -> InvalidInput:
    error = FieldError(f"#/{name}", "It is given more than once.", "given_twice")
    return InvalidInput(errors=[error])


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise BadRequest("The text is not valid Unicode.") from None


def _members(annotation: Any) -> tuple[Any, ...]:
    annotation = _plain(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _plain(annotation: Any) -> Any:
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, typing_extensions.TypeAliasType):
            annotation = annotation.__value__
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        else:
            return annotation


def _shape_of_one(annotation: Any) -> Shape:
    origin = get_origin(annotation) or annotation
    if origin in _SEVERAL:
        items = [item for item in get_args(annotation) if item is not ...]
        return Shape.SEVERAL if _all_plain(items) else Shape.JSON
    if origin in _MAPPINGS:
        return Shape.OBJECT if _all_plain(get_args(annotation)) else Shape.JSON
    if _has_fields(origin):
        return Shape.OBJECT if _all_plain(_field_types(origin)) else Shape.JSON
    return Shape.JSON if annotation in (Any, object, pydantic.JsonValue) else Shape.ONE


def _all_plain(annotations: Iterable[Any]) -> bool:
    """Whether each is written as one text; what has fields of its own is not, so this ends."""
    members = [_plain(member) for annotation in annotations for member in _members(annotation)]
    return all(
        not _has_fields(get_origin(member) or member) and _shape_of_one(member) is Shape.ONE
        for member in members
    )


def _has_fields(candidate: Any) -> bool:
    if not isinstance(candidate, type):
        return False
    return (
        dataclasses.is_dataclass(candidate)
        or issubclass(candidate, BaseModel)
        or typing_extensions.is_typeddict(candidate)
    )


def _field_types(owner: type) -> Iterable[Any]:
    try:
        return typing.get_type_hints(owner, include_extras=True).values()
    except NameError:  # a forward reference that only pydantic can resolve
        return [Any]


def _check(
    pattern: re.Pattern[str], error: Literal["int_parsing", "float_parsing"]
) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise PydanticKnownError(error)
        return value

    return check


def _lookup(values: Iterable[object]) -> Callable[[object], object]:
    by_text = {str(value): value for value in values if not isinstance(value, str)}

    def look_up(text: object) -> object:
        return by_text.get(text, text) if isinstance(text, str) else text

    return look_up
