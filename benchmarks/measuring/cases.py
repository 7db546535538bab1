"""What a kind of request has to tell, that it can be measured."""

from typing import Any, Protocol


class Case(Protocol):
    """One kind of request."""

    @property
    def name(self) -> str:
        """What `--cases` calls it."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def answer(self) -> Any:
        """The JSON value that every application should answer with."""

    @property
    def method(self) -> str:
        """Its method."""

    @property
    def target(self) -> bytes:
        """Its path and query."""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Its headers, but `Host`."""

    @property
    def body(self) -> bytes:
        """Its body."""

    @property
    def digits(self) -> bytes:
        """What in the body is another number in every request, of as many digits; empty if none."""

    def answer_in(self, body: bytes) -> Any:
        """What of a response's body is to be compared with the answer."""
