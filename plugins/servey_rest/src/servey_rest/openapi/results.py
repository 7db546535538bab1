"""What an operation answers where it succeeds."""

from typing import Any

import docstring_parser

from servey_core import Signature
from servey_core.actions import Action
from servey_core.json_schemas import Schema
from servey_core.triggers import WebTrigger
from servey_rest.openapi.examples import result_examples
from servey_rest.openapi.fields import CONTENT_RANGE, result_fields
from servey_rest.openapi.freshness import freshness_headers, is_kept, not_modified
from servey_rest.openapi.parameters import JSON
from servey_rest.openapi.schemas import Schemas
from servey_rest.openapi.sending import Sending, sending
from servey_rest.streaming import EVENT_STREAM, JSON_LINES
from servey_web import CONTENTLESS

_ANY = "*/*"
_BINARY: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
_TEXT: Schema = {"type": "string"}
_PART = {
    "description": "The range of a file on the disk that `Range` asks for, or several of them.",
    "headers": {**CONTENT_RANGE},
    "content": {_ANY: {"schema": _BINARY}},
}
_LOCATION = {
    "description": "Where it is.",
    "required": True,
    "schema": {"type": "string", "format": "uri-reference"},
}
_STREAMED = (
    "It comes item by item: as server-sent events where `Accept` asks for these, and as JSON lines "
    "otherwise. The schema is that of one item: of the data of an event, or of a line."
)


def result_answers(
    action: Action, signature: Signature, trigger: WebTrigger, schemas: Schemas
) -> dict[str, Any]:
    """The answers where an operation succeeds, by status.

    Args:
        action: The action.
        signature: What it takes and gives.
        trigger: How it is called.
        schemas: The schemas.
    """
    how = sending(signature.returned)
    result: dict[str, Any] = {"description": _description(action, how)}
    content = _content(action, signature, how, schemas)
    if headers := result_fields(action):
        result["headers"] = headers
    if content and trigger.status not in CONTENTLESS:
        result["content"] = content
    answers: dict[str, Any] = {}
    if content:
        answers[str(trigger.status)] = result
    if content and signature.sets_response:
        text = "The result, with a status that depends on the call."
        answers["2XX"] = {**result, "description": text}
    if gives_ranges(signature, trigger):
        answers["206"] = _PART
    if how.as_redirect:
        text = "What was asked for is elsewhere."
        answers["3XX"] = {"description": text, "headers": {"Location": _LOCATION}}
    if is_kept(action, trigger) and content and not how.as_file and not how.is_stream:
        result["headers"] = {**headers, **freshness_headers(action)}
        answers |= not_modified(action)
    return answers


def gives_ranges(signature: Signature, trigger: WebTrigger) -> bool:
    """Whether parts of a result can be asked for: it may be a file, and the method is GET."""
    return trigger.method == "GET" and sending(signature.returned).as_file


def _content(
    action: Action, signature: Signature, how: Sending, schemas: Schemas
) -> dict[str, Any]:
    """What leaves, by media type."""
    content: dict[str, Any] = {}
    if how.content_type is not None:
        content[how.content_type] = {"schema": _TEXT if how.is_text else _BINARY}
    if how.as_file:
        content[_ANY] = {"schema": _BINARY}
    if how.json is not None:
        types = (JSON_LINES, EVENT_STREAM) if how.is_stream else (JSON,)
        content |= {one: {"schema": schemas.result(action.name)} for one in types}
    if len(content) == 1 and not how.is_stream and not how.as_file:
        [only] = content.values()
        if examples := result_examples(action, signature):
            only["examples"] = examples
    return content


def _description(action: Action, how: Sending) -> str:
    returns = docstring_parser.parse(action.description).returns
    text = (returns.description if returns else None) or "The result."
    return f"{text}\n\n{_STREAMED}" if how.is_stream and how.content_type is None else text
