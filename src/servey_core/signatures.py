"""What an action takes and gives: read, checked and written by pydantic, prepared once."""

import inspect
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin

import docstring_parser
from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import SchemaValidator, to_json
from typing_extensions import TypedDict

from servey_core.actions import Action
from servey_core.authorization import Authorization
from servey_core.base64s import base64_writer, reading_base64
from servey_core.errors import SignatureError
from servey_core.input_schemas import Source, input_validator
from servey_core.json_input import json_reader
from servey_core.jsons import parse_json
from servey_core.pagination import cursor_in_json, is_cursor
from servey_core.refusals import invalid_input
from servey_core.results import Response
from servey_core.returns import Returned, returned
from servey_core.serialising import json_writer
from servey_core.texts import Shape, TextReader, shape_of, text_annotation

Arguments = dict[str, Any]

_CONFIG = ConfigDict(extra="forbid", allow_inf_nan=False)
_PASSING_OVER = ConfigDict(extra="ignore", allow_inf_nan=False)
_UNSUPPORTED: dict[Any, str] = {
    inspect.Parameter.POSITIONAL_ONLY: "is positional-only; arguments are given by name",
    inspect.Parameter.VAR_POSITIONAL: "takes any number of arguments; use a list",
    inspect.Parameter.VAR_KEYWORD: "takes any names; use a dict or a dataclass",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument that callers give.

    Attributes:
        name: Its name.
        annotation: Its type, with what `Annotated` adds.
        required: Whether it must be given.
        default: What it is where it is not given.
        description: What it is, from the docstring's section of arguments.
    """

    name: str
    annotation: Any
    required: bool
    default: Any
    description: str

    def written(self, value: Any) -> Any:
        """What is written as JSON for a value of it: of a place, its cursor; of bytes, base64.

        Raises:
            PydanticSerializationError: JSON cannot hold the place.
        """
        write = self.writer()
        return value if write is None else write(value)

    def writer(self) -> Callable[[Any], Any] | None:
        """What `written` does, for many values; None where they are written as they are."""
        if is_cursor(self.annotation):
            return partial(cursor_in_json, annotation=self.annotation)
        return base64_writer(self.annotation)


class Signature:
    """What an action takes and gives.

    Args:
        action: The action; a method needs its owner.

    Attributes:
        parameters: The arguments that callers give, by name.
        injected: The parameters that are given the caller's `Authorization`, and whether they
            need one.
        responses: The parameters that are given the call's `Response`.
        returned: What the result is.
        from_json: Reads the arguments from a JSON object, strictly: `"5"` is no `int`. It raises
            `BadRequest` where that is not JSON, and `InvalidInput` where arguments are wrong, with
            one entry for each.

    Raises:
        SignatureError: A parameter or the result is annotated in a way that cannot work.
    """

    def __init__(self, action: Action) -> None:
        self._action = action
        declared = inspect.signature(action.function).parameters
        hints = self._hints(declared)
        if "return" not in hints:
            raise self._error("the result has no annotation: write `-> None` where there is none.")
        self.returned = self._returned(hints["return"])
        self.injected: dict[str, bool] = {}
        self.responses: list[str] = []
        self.parameters: dict[str, Parameter] = {}
        texts = _documented_parameters(action)
        for name, parameter in declared.items():
            annotation = hints[name]
            if _is_injected(annotation):
                self.injected[name] = not _is_optional(annotation)
            elif annotation is Response:
                self.responses.append(name)
            else:
                self.parameters[name] = Parameter(
                    name,
                    annotation,
                    parameter.default is parameter.empty,
                    parameter.default,
                    texts.get(name, ""),
                )
        self.result_adapter = self._result_adapter(self.returned.annotation)
        self.result_to_json: Callable[[Any], bytes] = json_writer(self.result_adapter)
        """Writes a result as JSON, or raises `PydanticSerializationError` where it is not of the
        annotated type."""
        self._prepare_arguments()

    @property
    def sets_response(self) -> bool:
        """Whether an action may add to the response."""
        return bool(self.responses) or self.returned.with_page

    def only(self, names: Collection[str]) -> "Signature":
        """The same signature with some of its parameters, for arguments that come from two places.

        Args:
            names: The parameters to keep.
        """
        part = copy(self)
        for prepared in ("_text_reader", "_validate_python", "_validate_texts", "_writers"):
            vars(part).pop(prepared, None)
        part.parameters = {name: one for name, one in self.parameters.items() if name in names}
        part._prepare_arguments()  # noqa: SLF001 - it is of this very class
        return part

    def from_texts(self, pairs: Iterable[tuple[str, str]]) -> Arguments:
        """Read the arguments from pairs of name and text, by the rules of `servey_core.texts`.

        Raises:
            BadRequest: A text that should be JSON is not.
            InvalidInput: Arguments are wrong; one entry for each.
        """
        raw = self._text_reader.gather(pairs)
        try:
            return self._validate_texts(raw)
        except ValidationError as error:
            raise invalid_input(error, raw) from None

    def plain_texts_validator(self) -> Callable[[dict[str, str]], Arguments] | None:
        """What checks texts by their parameters' names, quickly; None where some take several.

        Names that are not known are passed over, which their number tells: looking for them takes
        longer. It raises `ValueError` where anything is wrong; what, `from_texts` says.
        """
        shapes = {shape_of(one.annotation) for one in self.parameters.values()}
        if not shapes <= {Shape.ONE}:
            return None
        adapter = self._adapter(text_annotation, _PASSING_OVER)
        return input_validator(adapter, Source.TEXTS_ALONE).validate_python

    def from_python(self, values: Mapping[str, Any]) -> Arguments:
        """Check arguments that are Python values already.

        Raises:
            InvalidInput: Arguments are wrong; one entry for each.
        """
        try:
            return self._validate_python(dict(values))
        except ValidationError as error:
            raise invalid_input(error, values) from None

    def arguments_to_json(self, values: Mapping[str, Any]) -> bytes:
        """Write arguments, such as an example's, as the JSON object that `from_json` reads."""
        special = {name: write(values[name]) for name, write in self._writers if name in values}
        return to_json({**values, **special} if special else values, by_alias=True)

    def result_from_json(self, text: bytes) -> Any:
        """Read a result that `result_to_json` wrote; as JSON values, where it reads otherwise."""
        try:
            return self._result_reader.validate_json(text)
        except ValidationError:
            return parse_json(text)

    @cached_property
    def _writers(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """What writes the parameters that are not written as they are."""
        writers = ((name, one.writer()) for name, one in self.parameters.items())
        return [(name, write) for name, write in writers if write is not None]

    @cached_property
    def item_to_json(self) -> Callable[[Any], bytes]:
        """Writes one item of a stream as JSON, as `result_to_json` does a result."""
        return json_writer(self._result_adapter(self.returned.item))

    @cached_property
    def _result_reader(self) -> SchemaValidator:
        schema = reading_base64(self.result_adapter.core_schema)
        return SchemaValidator(schema, _use_prebuilt=False)

    @cached_property
    def _text_reader(self) -> TextReader:
        return TextReader({name: shape_of(one.annotation) for name, one in self.parameters.items()})

    @cached_property
    def _validate_python(self) -> Callable[[Mapping[str, Any]], Arguments]:
        return input_validator(self.arguments_adapter).validate_python

    @cached_property
    def _validate_texts(self) -> Callable[[Mapping[str, Any]], Arguments]:
        adapter = self._adapter(text_annotation)
        return input_validator(adapter, Source.TEXTS).validate_python

    def _hints(self, declared: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
        hints: dict[str, Any] = {}
        annotations = _raw_annotations(self._action.function)
        for name in [*declared, "return"]:
            if name in declared and (reason := _UNSUPPORTED.get(declared[name].kind)):
                raise self._error(f"parameter {name!r} {reason}.")
            if name in annotations:
                hints[name] = self._evaluate(name, annotations[name])
            elif self._is_self(name, declared):
                hints[name] = self._action.owner
            elif name != "return":
                raise self._error(f"parameter {name!r} has no annotation.")
        return hints

    def _is_self(self, name: str, declared: Mapping[str, inspect.Parameter]) -> bool:
        return self._action.owner is not None and name == next(iter(declared), None)

    def _evaluate(self, name: str, annotation: Any) -> Any:
        holder = types.SimpleNamespace(__annotations__={name: annotation})
        owner = self._action.owner
        try:
            return typing.get_type_hints(
                holder,
                globalns=inspect.unwrap(self._action.function).__globals__,
                localns={owner.__name__: owner} if owner else None,
                include_extras=True,
            )[name]
        except Exception as error:
            raise self._error(f"{_called(name)} has an annotation that fails: {error}.") from error

    def _prepare_arguments(self) -> None:
        self.arguments_adapter = self._adapter(_same)
        annotations = {name: one.annotation for name, one in self.parameters.items()}
        self.from_json = json_reader(self.arguments_adapter, annotations)

    def _adapter(
        self, change: Callable[[Any], Any], config: ConfigDict = _CONFIG
    ) -> TypeAdapter[Any]:
        fields: dict[str, Any] = {}
        for name, parameter in self.parameters.items():
            annotation = change(parameter.annotation)
            if parameter.description:
                annotation = _described(annotation, parameter.description)
            fields[name] = (Required if parameter.required else NotRequired)[annotation]
        arguments = TypedDict(f"{self._action.name}_arguments", fields)  # type: ignore[misc]
        arguments.__module__ = self._action.function.__module__
        arguments.__pydantic_config__ = config  # type: ignore[attr-defined]
        try:
            return TypeAdapter(arguments)
        except PydanticUserError:
            self._find_culprit(change)
            raise

    def _find_culprit(self, change: Callable[[Any], Any]) -> None:
        for name, parameter in self.parameters.items():
            try:
                TypeAdapter(change(parameter.annotation))
            except PydanticUserError as error:
                raise self._error(_unusable(name, error)) from error

    def _returned(self, annotation: Any) -> Returned:
        try:
            return returned(annotation, streams=self._action.is_stream)
        except ValueError as error:
            raise self._error(f"the result {error}.") from None

    def _result_adapter(self, annotation: Any) -> TypeAdapter[Any]:
        try:
            return TypeAdapter(annotation)
        except PydanticUserError as error:
            raise self._error(_unusable("return", error)) from error

    def _error(self, reason: str) -> SignatureError:
        return SignatureError(self._action.name, self._action.place, reason)


def _raw_annotations(function: Callable[..., Any]) -> dict[str, Any]:
    return dict(inspect.unwrap(function).__annotations__)


def _same(annotation: Any) -> Any:
    return annotation


def _described(annotation: Any, description: str) -> Any:
    return Annotated[annotation, Field(description=description)]


def _called(name: str) -> str:
    return "the result" if name == "return" else f"parameter {name!r}"


def _unusable(name: str, error: PydanticUserError) -> str:
    reason = str(error.message).splitlines()[0].rstrip(".")
    return f"{_called(name)} has a type that cannot be validated: {reason}."


def _is_injected(annotation: Any) -> bool:
    return Authorization in _union_members(annotation)


def _is_optional(annotation: Any) -> bool:
    return type(None) in _union_members(annotation)


def _union_members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _documented_parameters(action: Action) -> dict[str, str]:
    parsed = docstring_parser.parse(inspect.getdoc(action.function) or "")
    return {one.arg_name: one.description or "" for one in parsed.params}
