"""When and how an action runs, as plain data; plugins serve it."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from servey_core.actions import Action

_METHOD = re.compile(r"[A-Z]+")


@dataclass(frozen=True)
class Trigger:
    """When or how an action runs.

    Subclass it, as a frozen dataclass, for a trigger of your own; a plugin that serves it states
    so in the bindings of a route or a service.
    """

    served_by: ClassVar[str] = ""
    """The distribution to suggest where no installed plugin serves the trigger."""

    def __str__(self) -> str:
        return type(self).__name__


@dataclass(frozen=True)
class WebTrigger(Trigger):
    """Runs an action for a web request.

    Attributes:
        method: An HTTP method, in capitals.
        path: The path, where `{name}` stands for a parameter of the action; left out, it is
            `/actions/` and the action's name with dashes.
        status: The status of a result, such as 201 (Created).
        form: Whether arguments come from a form (`application/x-www-form-urlencoded` or
            `multipart/form-data`) rather than from JSON. An action that takes a `File` has a form
            in any case.
        max_body_bytes: The largest body, in bytes; left out, what the settings say.
    """

    served_by: ClassVar[str] = "servey-rest"

    method: str = "GET"
    path: str | None = None
    status: int = 200
    form: bool = False
    max_body_bytes: int | None = None

    def __post_init__(self) -> None:
        if not _METHOD.fullmatch(self.method):
            raise ValueError(f"An HTTP method is written in capitals, such as GET: {self.method!r}")
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"A path starts with a slash: {self.path!r}")
        if not 200 <= self.status <= 299:  # noqa: PLR2004 - the range is the definition
            raise ValueError(f"The status of a result is 200 to 299, not {self.status!r}")
        if self.form and self.method in ("GET", "HEAD", "DELETE", "OPTIONS", "TRACE"):
            raise ValueError(f"{self.method} has no body that could be a form.")
        if self.max_body_bytes is not None and self.max_body_bytes < 0:
            raise ValueError(f"A body cannot be smaller than nothing: {self.max_body_bytes!r}")

    def __str__(self) -> str:
        return f"{self.method} {self.path}" if self.path else self.method

    def path_for(self, action: "Action") -> str:
        """The path at which this trigger runs `action`."""
        return self.path or f"/actions/{action.path_name}"

    @property
    def safe(self) -> bool:
        """Whether the method only reads (RFC 9110, section 9.2.1)."""
        return self.method in ("GET", "HEAD", "OPTIONS")


WEB_GET = WebTrigger("GET")
WEB_POST = WebTrigger("POST")
WEB_PUT = WebTrigger("PUT")
WEB_PATCH = WebTrigger("PATCH")
WEB_DELETE = WebTrigger("DELETE")
