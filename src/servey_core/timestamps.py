"""The caching hint that a result carries itself: the moment when it last changed."""

import dataclasses
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from typing_extensions import is_typeddict

from servey_core.caching import CacheControl, CacheHeaders, whole_seconds

Moment = str | Callable[[Any], datetime | None]


@dataclasses.dataclass(frozen=True)
class TimestampCacheControl(CacheControl):
    """Results may be kept as long as they are asked about, by the moment of their last change.

    The moment is the result's own. A list has none: a member that was taken out leaves no trace
    in the others. So give a function that knows, or use `SecureHashCacheControl`.

    Attributes:
        field: The attribute of the result, or its key, that holds the moment: a `datetime`, or
            None where nothing is known. Without a time zone it is local time. Or a function that
            tells the moment of a result.
        ttl: For how long results need not be asked about, in seconds or as a `timedelta`; None
            where they are asked about each time.
    """

    field: Moment = "updated_at"
    ttl: float | timedelta | None = None

    def __post_init__(self) -> None:
        whole_seconds(self.ttl)

    def headers(self, result: object, body: bytes) -> CacheHeaders:  # noqa: ARG002
        """The moment, in UTC.

        Raises:
            LookupError: The result has no such field.
            TypeError: What it holds is no `datetime`.
        """
        moment = self._moment(result)
        if moment is not None:
            moment = moment.astimezone(UTC)
        return CacheHeaders(max_age=whole_seconds(self.ttl), last_modified=moment)

    def check(self, annotation: Any) -> None:
        """Refuse a type that is known to have no such field, or another in its place."""
        if not isinstance(self.field, str):
            return
        for kind in _classes(annotation):
            if reason := _refusal(kind, self.field):
                raise ValueError(
                    f"{self._title} cannot be: {kind.__qualname__} {reason}. Name a field of the "
                    f"result that holds a datetime, or give a function that tells the moment."
                )

    def _moment(self, result: Any) -> datetime | None:
        if not isinstance(self.field, str):
            moment = self.field(result)
        elif result is None:
            return None
        else:
            moment = _member(result, self.field)
        if moment is None or isinstance(moment, datetime):
            return moment
        raise TypeError(f"{self._title} found {moment!r}, which is neither a datetime nor None.")

    @property
    def _title(self) -> str:
        return f"{type(self).__name__}({self.field!r})"


def _member(result: Any, name: str) -> Any:
    try:
        return result[name] if isinstance(result, Mapping) else getattr(result, name)
    except (AttributeError, KeyError) as error:
        kind = type(result).__qualname__
        raise LookupError(f"A result of type {kind} has no {name!r} to be cached by.") from error


def _classes(annotation: Any) -> Iterator[type]:
    """The classes that a value may be of, as far as the annotation names any; None is left out."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _classes(arguments[0])
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _classes(argument)
    elif isinstance(kind := origin or annotation, type) and kind is not types.NoneType:
        yield kind


def _refusal(kind: type, name: str) -> str:
    """Why no object of a class can hold a moment by this name; empty where one may."""
    try:
        hints = get_type_hints(kind)
    except Exception:  # noqa: BLE001 - whatever a forward reference runs into: nothing is known
        return ""
    if name in hints:
        held = list(_classes(hints[name]))
        return f"holds {hints[name]} in {name!r}" if held and all(map(_no_moment, held)) else ""
    return "" if hasattr(kind, name) or not _lists_all(kind) else f"has no {name!r}"


def _no_moment(kind: type) -> bool:
    return kind.__module__ in ("builtins", "datetime") and kind not in (datetime, object)


def _lists_all(kind: type) -> bool:
    """Whether the fields that a class declares are all that its objects can have."""
    if issubclass(kind, Mapping):
        return is_typeddict(kind)
    if isinstance(config := getattr(kind, "model_config", None), dict):
        return config.get("extra") != "allow"
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        return True
    return kind.__module__ in ("builtins", "collections.abc", "datetime") and kind is not object
