"""Documents that callers name rather than send: by an allow-list, and those that were sent once.

GraphQL over HTTP calls the first persisted documents (its appendix A), named by `documentId`; the
others are Apollo's automatic persisted queries, named by `extensions.persistedQuery.sha256Hash`.
Either way of naming finds either kind.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from servey_core import BadRequest, PermissionDenied, SettingsError
from servey_graphql.serving.problems import PersistedQueryNotFound, PersistedQueryNotSupported
from servey_graphql.serving.requests import Asked
from servey_graphql.settings import GraphqlSettings

_PREFIX = "sha256:"
_HASH = re.compile(r"[0-9a-f]{64}")


def document_hash(text: str) -> str:
    """The SHA-256 of a document, in small hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def read_manifest(path: Path) -> dict[str, str]:
    """The documents of an allow-list: a JSON object of ids and texts.

    An id that looks like a hash, alone or as `sha256:…`, has to be that of its text.

    Raises:
        SettingsError: The file cannot be read, or is no such list.
    """
    setting = f"SERVEY_GRAPHQL_PERSISTED_DOCUMENTS is {str(path)!r}"
    try:
        documents = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{setting}, which cannot be read: {error}") from None
    if not isinstance(documents, dict) or not all(
        isinstance(text, str) for text in documents.values()
    ):
        raise SettingsError(f"{setting}, which is no JSON object of ids and documents.")
    found = {name.removeprefix(_PREFIX): text for name, text in documents.items()}
    for name, text in found.items():
        if _HASH.fullmatch(name) and name != document_hash(text):
            raise SettingsError(f"{setting}, whose document {name} has another hash.")
    return found


class PersistedDocuments:
    """What documents are known by name.

    Args:
        listed: The allow-list, by ids.
        settings: Whether there are others, and how many are remembered.
    """

    def __init__(self, listed: Mapping[str, str], settings: GraphqlSettings) -> None:
        by_hash = {document_hash(text): text for text in listed.values()}
        self._listed = {**by_hash, **listed}
        self._only = settings.graphql_only_persisted
        self._automatic = settings.graphql_automatic_persisted and not self._only
        self._max_number = settings.graphql_cached_documents
        self._max_characters = settings.graphql_cached_characters
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def text_of(self, asked: Asked) -> str:
        """The document that a request means.

        Raises:
            PersistedQueryNotFound: It is named, and not known.
            PersistedQueryNotSupported: It is named, and none is known by name.
            PermissionDenied: It is not on the list, and no other is run.
            BadRequest: It is sent with a name that is not its own.
        """
        name = _name_of(asked)
        if name is None:
            if self._only:
                raise PermissionDenied("Only persisted documents are run here: name one.")
            assert asked.text is not None  # noqa: S101 - a request has one of them
            return asked.text
        known = self._listed.get(name) or self._remembered(name)
        if asked.text is None:
            if known is None:
                raise self._unknown()
            return known
        if known is not None and known != asked.text:
            raise BadRequest("The document is not the one of that id.")
        if known is None and self._only:
            raise PermissionDenied("Only persisted documents are run here, and this is none.")
        if asked.sha256 is not None and document_hash(asked.text) != asked.sha256:
            raise BadRequest("The document has another hash than `sha256Hash`.")
        return asked.text

    def remember(self, asked: Asked) -> None:
        """Remember a document that was sent with its hash, and was found good."""
        text, name = asked.text, asked.sha256
        if not self._automatic or text is None or name is None or name in self._sent:
            return
        self._sent[name] = text
        self._characters += len(text)
        while self._sent and (
            len(self._sent) > self._max_number or self._characters > self._max_characters
        ):
            _, oldest = self._sent.popitem(last=False)
            self._characters -= len(oldest)

    def _remembered(self, name: str) -> str | None:
        text = self._sent.get(name)
        if text is not None:
            self._sent.move_to_end(name)
        return text

    def _unknown(self) -> PersistedQueryNotFound | PersistedQueryNotSupported:
        if self._automatic or self._listed:
            return PersistedQueryNotFound()
        return PersistedQueryNotSupported()


def _name_of(asked: Asked) -> str | None:
    if asked.document_id is not None:
        return asked.document_id.removeprefix(_PREFIX)
    return asked.sha256
