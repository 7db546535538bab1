"""What a request asks: the parameters of GraphQL over HTTP, from a JSON body or a query string."""

from typing import Any
from urllib.parse import parse_qsl

from servey_core import BadRequest
from servey_core.jsons import parse_json
from servey_graphql.serving.problems import PersistedQueryNotSupported

_MAX_PARAMETERS = 16
_JSON_PARAMETERS = ("variables", "extensions")
_VERSION = 1
"""The one version of automatic documents."""


class Asked:
    """What a request asks.

    Attributes:
        text: The document; None where it is only named.
        variables: The values of variables, by their names.
        operation_name: Which of the document's operations is meant; None where there is one.
        document_id: What the document is called.
        sha256: The hash of the document, by which automatic documents are known.
    """

    __slots__ = ("document_id", "operation_name", "sha256", "text", "variables")

    def __init__(
        self,
        text: str | None,
        variables: dict[str, Any],
        operation_name: str | None = None,
        document_id: str | None = None,
        sha256: str | None = None,
    ) -> None:
        self.text = text
        self.variables = variables
        self.operation_name = operation_name
        self.document_id = document_id
        self.sha256 = sha256


def asked_in_body(body: bytes) -> Asked:
    """What a JSON body asks; members that are not known are passed over.

    Raises:
        BadRequest: It is not JSON, or no request.
        PersistedQueryNotSupported: It names a document in a way that is not known.
    """
    return asked_by(parse_json(body))


def asked_in_query(query: bytes) -> Asked:
    """What a query string asks, of which `variables` and `extensions` are JSON.

    Raises:
        BadRequest: It is malformed, or no request.
        PersistedQueryNotSupported: It names a document in a way that is not known.
    """
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_PARAMETERS,
        )
    except ValueError:
        raise BadRequest("The query string cannot be read: it is UTF-8, and short.") from None
    members: dict[str, Any] = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("The query string has a parameter twice.")
    for name in _JSON_PARAMETERS:
        if name in members:
            members[name] = parse_json(members[name].encode()) if members[name] else None
    return asked_by(members)


def asked_by(members: Any) -> Asked:
    """What an object asks whose members are the parameters.

    Raises:
        BadRequest: It is none, or a parameter is not of its type.
        PersistedQueryNotSupported: It names a document in a way that is not known.
    """
    if not isinstance(members, dict):
        raise BadRequest("A request is one JSON object; several in a list are not taken.")
    get = members.get
    text, variables, operation_name = get("query"), get("variables"), get("operationName")
    document_id, extensions = get("documentId"), get("extensions")
    if text is not None and not isinstance(text, str):
        raise _wrong("query", "a text")
    if variables is not None and not isinstance(variables, dict):
        raise _wrong("variables", "an object")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _wrong("operationName", "a text")
    if document_id is not None and not isinstance(document_id, str):
        raise _wrong("documentId", "a text")
    sha256 = None if extensions is None else _sha256(extensions)
    if text is None and document_id is None and sha256 is None:
        raise BadRequest("There is no document: `query` is missing.")
    return Asked(text, variables or {}, operation_name or None, document_id, sha256)


def _sha256(extensions: Any) -> str | None:
    """The hash that an automatic document is known by; None where there is none."""
    if not isinstance(extensions, dict):
        raise _wrong("extensions", "an object")
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise _wrong("extensions.persistedQuery", "an object with a `sha256Hash`")
    if persisted.get("version") != _VERSION:
        raise PersistedQueryNotSupported
    return str(persisted["sha256Hash"])


def _wrong(name: str, wanted: str) -> BadRequest:
    return BadRequest(f"`{name}` must be {wanted}.")
