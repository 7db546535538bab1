"""How tests read answers: as the JSON values that the action's result is on any surface."""

import base64
import json
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from servey_core import Reply, Signature
from servey_core.problems import PROBLEM_CONTENT_TYPE

if TYPE_CHECKING:
    import httpx

_JSON = "application/json"
_JSON_LINES = "application/jsonl"


def reply_of(response: "httpx.Response", signature: Signature) -> Reply:
    """What an answer says.

    Args:
        response: The answer.
        signature: What the action gives.
    """
    if response.headers.get("content-type") == PROBLEM_CONTENT_TYPE:
        return Reply(problem=response.json())
    directives = response.headers.get("cache-control", "").split(", ")
    ages = [int(one.partition("=")[2]) for one in directives if one.startswith("max-age=")]
    return Reply(
        _result(response, signature),
        max_age=ages[0] if ages else None,
        private="private" in directives,
    )


def _result(response: "httpx.Response", signature: Signature) -> Any:
    content_type = response.headers.get("content-type", "")
    if response.has_redirect_location:
        return {"url": response.headers["location"], "status": response.status_code}
    if response.status_code == HTTPStatus.NO_CONTENT:
        return None
    if not response.is_success:
        raise AssertionError(f"{response.request.method} {response.url} answered {response!r}.")
    if content_type == _JSON:
        return response.json()
    if content_type == _JSON_LINES and signature.returned.item is not None:
        return [json.loads(line) for line in response.content.splitlines()]
    if "content-disposition" in response.headers:
        return _file(response)
    return _content(response.content, signature)


def _content(content: bytes, signature: Signature) -> Any:
    """Bytes or a text, which other surfaces have as JSON."""
    if signature.returned.content is bytes:
        return json.loads(signature.result_to_json(content))
    return content.decode(signature.returned.charset)


def _file(response: "httpx.Response") -> dict[str, Any]:
    head = Message()
    head["Content-Disposition"] = response.headers["content-disposition"]
    return {
        "filename": head.get_filename(),
        "content_type": response.headers["content-type"],
        "content": base64.b64encode(response.content).decode("ascii"),
    }
