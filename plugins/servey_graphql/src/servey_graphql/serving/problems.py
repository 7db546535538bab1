"""What a whole GraphQL request may be refused with, beside what any request may."""

from typing import TYPE_CHECKING, Any

from servey_core import ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLError


class NotAcceptable(ProblemError):  # noqa: N818 - the field's own name, as in RFC 9110
    """The caller takes none of the media types that there are."""

    status = 406


class DocumentError(ProblemError):
    """The request is well formed, and its document cannot be run.

    To callers that ask for `application/json` it goes with the status 200, as GraphQL over HTTP
    has it for that media type.
    """

    status = 400


class InvalidDocument(DocumentError):  # noqa: N818 - it is the caller's
    """The document is no GraphQL, does not fit the schema, or lacks what was asked for.

    Args:
        detail: What is wrong.
        found: All that is, with its places in the document.
    """

    def __init__(
        self, detail: str = "", *, found: "Sequence[GraphQLError]" = (), **extensions: Any
    ) -> None:
        super().__init__(detail, **extensions)
        self.found = tuple(found)


class DocumentTooComplex(DocumentError):  # noqa: N818
    """The document asks for more than is given at once."""


class PersistedQueryNotFound(DocumentError):  # noqa: N818
    """No document is known by that id; clients of automatic documents send its text then."""

    status = 404

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND")


class PersistedQueryNotSupported(DocumentError):  # noqa: N818
    """Documents are not known by ids here; clients send their texts from then on."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED")
