"""What forms in templates have: tokens, and inputs whose texts are not shown again."""

import re
from typing import Any

from pydantic import SecretBytes, SecretStr

from servey_core import Signature
from servey_web.arguments.queries import Pairs
from servey_web.pages.graphs import Graph
from servey_web.pages.html_input import kinds_of, parameter_of_field

_SECRETS: frozenset[Any] = frozenset((SecretStr, SecretBytes))
_NAMED = re.compile(r"passw(or)?d|passphrase", re.IGNORECASE)
_INPUT = re.compile(r"<input\b[^>]*>", re.IGNORECASE)
_PASSWORD = re.compile(r"\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_POSTED = re.compile(r"<form\b[^>]*\bmethod\s*=\s*[\"']?post\b", re.IGNORECASE)
_NAME = re.compile(r"\bname\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)


def secret_parameters(signature: Signature) -> frozenset[str]:
    """The parameters that take secrets: by their types, or their names."""
    return frozenset(
        name
        for name, one in signature.parameters.items()
        if _NAMED.search(name) or not _SECRETS.isdisjoint(kinds_of(one.annotation))
    )


def check_forms(graph: Graph) -> None:
    """Check that the forms of a template can be sent by a browser.

    Raises:
        TemplateFailed: One of them is sent by POST, and none has the token for that.
    """
    if graph.is_open or not graph.uses.isdisjoint(("csrf_field", "csrf_token")):
        return
    for source in graph.sources.values():
        if found := _POSTED.search(source.text):
            line = source.text.count("\n", 0, found.start()) + 1
            raise source.fault(
                line,
                "the form is sent by POST, which is refused without its token: "
                "put {{ csrf_field() }} into it.",
            )


def password_inputs(template: str) -> frozenset[str]:
    """The names of the inputs in a template's text that are for passwords."""
    inputs = [one for one in _INPUT.findall(template) if _PASSWORD.search(one)]
    return frozenset(found[1] for one in inputs if (found := _NAME.search(one)))


def without_secrets(fields: Pairs, secrets: frozenset[str]) -> Pairs:
    """Fields without those that are secrets."""
    return [
        pair
        for pair in fields
        if pair[0] not in secrets and parameter_of_field(pair[0]) not in secrets
    ]
