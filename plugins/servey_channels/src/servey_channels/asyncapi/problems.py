"""What goes wrong, by example."""

from typing import Any

PROBLEM_EXAMPLE: dict[str, Any] = {
    "type": "urn:servey:problem:not-found",
    "title": "Not found",
    "status": 404,
    "detail": "There is no such channel.",
    "instance": "urn:servey:call:5f1c9a7be02d4e63",
}
