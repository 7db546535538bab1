"""The schema of what goes wrong (RFC 9457)."""

from typing import Any

PROBLEM = "Problem"
"""The name of the schema."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The kind, stable."},
        "title": {"type": "string", "description": "The kind, in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What happened in this case."},
        "instance": {
            "type": "string",
            "format": "uri-reference",
            "description": "The id of the call, which the log carries too.",
        },
        "errors": {
            "type": "array",
            "description": "One entry for each bad field.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "Where, as a JSON Pointer."},
                    "detail": {"type": "string"},
                    "type": {"type": "string", "description": "What is wrong, for a program."},
                },
                "required": ["pointer", "detail", "type"],
            },
        },
    },
    "required": ["type", "title", "status"],
}
