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

from servey_core.errors import BadRequest, FieldError, InvalidInput, json_pointer
from servey_core.files import File
from servey_core.jsons import parse_json
from servey_core.pagination import cursor_from_text, is_cursor

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


def file_shape(annotation: Any) -> Shape | None:
    """Whether a parameter takes a file (`ONE`) or a list of files (`SEVERAL`); None for neither."""
    if _all_files([annotation]):
        return Shape.ONE
    lists = [_plain(member) for member in _members(annotation) if member is not type(None)]
    items = [get_args(one) if get_origin(one) in _SEVERAL else () for one in lists]
    return Shape.SEVERAL if lists and all(map(_all_files, items)) else None


def text_annotation(annotation: Any) -> Any:
    """The same type, as it is read from text; JSON within a text is read by the type itself."""
    if shape_of(annotation) is Shape.JSON:
        return annotation
    if cursor := cursor_from_text(annotation):
        return cursor
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[(text_annotation(arguments[0]), *arguments[1:])]
    if origin in (Union, types.UnionType):
        return Union[tuple(map(text_annotation, arguments))]  # noqa: UP007 - it is not written out
    if origin in _SEVERAL and arguments:
        return origin[tuple(a if a is ... else text_annotation(a) for a in arguments)]
    choices = _field_choices(annotation)
    choose = _choice(annotation) or (_in_fields(choices) if choices else None)
    return Annotated[annotation, BeforeValidator(choose)] if choose else annotation


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
                raise given_twice(name)
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
            raise given_twice(name)
        fields[match[2]] = text


def given_twice(name: str) -> InvalidInput:
    """The error for a parameter that is given once more than it can be."""
    error = FieldError(json_pointer([name]), "It is given more than once.", "given_twice")
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
            annotation = str if is_cursor(annotation) else get_args(annotation)[0]
        elif isinstance(annotation, typing_extensions.TypeAliasType):
            annotation = annotation.__value__
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        else:
            return annotation


def _shape_of_one(annotation: Any) -> Shape:
    origin = get_origin(annotation) or annotation
    if origin is File:
        return Shape.OBJECT
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


def _all_files(annotations: Iterable[Any]) -> bool:
    members = [_plain(member) for annotation in annotations for member in _members(annotation)]
    return File in members and all(one in (File, type(None), ...) for one in members)


def _has_fields(candidate: Any) -> bool:
    if not isinstance(candidate, type):
        return False
    return (
        dataclasses.is_dataclass(candidate)
        or issubclass(candidate, BaseModel)
        or typing_extensions.is_typeddict(candidate)
    )


def _field_types(owner: type) -> Iterable[Any]:
    return _fields(owner).values()


def _fields(owner: Any) -> Mapping[str, Any]:
    """The fields of an object and their types, by the names that callers give them."""
    try:
        hints = typing.get_type_hints(owner, include_extras=True)
    except NameError:  # a forward reference that only pydantic can resolve
        return {"": Any}
    fields = owner.model_fields if issubclass(owner, BaseModel) else {}
    aliases = {name: field.validation_alias for name, field in fields.items()}
    return {str(aliases.get(name) or name): hint for name, hint in hints.items()}


Choose = Callable[[object], object]


def _choice(annotation: Any) -> Choose | None:
    """What makes of a text the one of several values that it stands for, if there are several."""
    if get_origin(annotation) is Literal:
        return _lookup(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _lookup(member.value for member in annotation)
    return None


def _field_choices(annotation: Any) -> dict[str, Choose]:
    """The same for the fields of an object."""
    if not _has_fields(annotation):
        return {}
    return {
        name: choose
        for name, hint in _fields(annotation).items()
        for member in _members(hint)
        if (choose := _choice(_plain(member)))
    }


def _in_fields(choices: Mapping[str, Choose]) -> Choose:
    def choose(value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {
            name: choices[name](text) if name in choices else text for name, text in value.items()
        }

    return choose


def _lookup(values: Iterable[object]) -> Choose:
    by_text = {str(value): value for value in values if not isinstance(value, str)}

    def look_up(text: object) -> object:
        return by_text.get(text, text) if isinstance(text, str) else text

    return look_up
