"""What an operation says of keeping its results."""

from typing import Any

from servey_core import CacheControl, TtlCacheControl
from servey_core.actions import Action
from servey_core.caching import CombinedCacheControl
from servey_core.triggers import WebTrigger

Headers = dict[str, dict[str, Any]]

_TEXT = {"type": "string"}
_FRESH = {"Cache-Control": {"description": "For how long the result is fresh.", "schema": _TEXT}}
_NAMED = {
    "ETag": {"description": "What names this very result.", "schema": _TEXT},
    "Last-Modified": {"description": "When the result last changed.", "schema": _TEXT},
}


def is_kept(action: Action, trigger: WebTrigger) -> bool:
    """Whether callers may keep results."""
    return trigger.safe and action.cache_control is not None


def freshness_headers(action: Action) -> Headers:
    """The header fields of a result that may be kept."""
    assert action.cache_control is not None  # noqa: S101 - the caller asks for these alone
    return {**_FRESH, **(_NAMED if _tells_change(action.cache_control) else {})}


def not_modified(action: Action) -> dict[str, Any]:
    """The answer to a caller that has the result already, by status, where there can be one."""
    assert action.cache_control is not None  # noqa: S101 - the caller asks for these alone
    if not _tells_change(action.cache_control):
        return {}
    text = "The caller has the result already."
    return {"304": {"description": text, "headers": freshness_headers(action)}}


def _tells_change(control: CacheControl) -> bool:
    """Whether results can be told from later ones; of controls that others made, it is assumed."""
    if isinstance(control, CombinedCacheControl):
        return any(map(_tells_change, control.parts))
    return type(control) is not TtlCacheControl
