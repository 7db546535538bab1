"""What is said of an example that does not hold."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

_WIDEST = 500


class ExampleFailed(AssertionError):  # noqa: N818 - it is a verdict
    """An example does not hold; the text says where and how."""


def described_problem(problem: Mapping[str, Any]) -> str:
    """A problem in one line."""
    parts = [f"problem {problem.get('status')} {problem.get('title')} ({problem.get('type')})"]
    if detail := problem.get("detail"):
        parts.append(str(detail))
    parts += [f"{one['pointer']}: {one['detail']}" for one in problem.get("errors", ())]
    if exception := problem.get("exception"):
        parts.append("{type}: {message} at {at}".format(**{"at": "?", **exception}))
    return "; ".join(parts)


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = to_json(value, by_alias=True, fallback=repr).decode()
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
