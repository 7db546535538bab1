"""Runs an action for a page in a browser, as plain data."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from servey_core.triggers import Trigger

if TYPE_CHECKING:
    from servey_core.actions import Action

PageMethod = Literal["GET", "POST"]


@dataclass(frozen=True)
class WebPageTrigger(Trigger):
    """Runs an action for a page: a template makes HTML of the result, which it knows as `model`.

    GET takes the arguments from the path and the query. POST takes them from a form, which GET of
    the same path shows while it is empty, and which is shown again with what is wrong with it.

    Attributes:
        path: The path, where `{name}` stands for a parameter of the action; left out, it is the
            action's name with dashes.
        template: The template's file in the folder of templates; left out, the action's name with
            `.j2`.
        method: How the page is asked for.
        status: The status of the page, such as 201 (Created).
        block: The one block of the template that a request by htmx is given, rather than the whole
            page; left out, it is given the page.
        max_body_bytes: The largest form, in bytes; left out, what the settings say.

    Raises:
        ValueError: One of them cannot be.
    """

    served_by: ClassVar[str] = "servey-web"

    path: str | None = None
    template: str | None = None
    method: PageMethod = "GET"
    status: int = 200
    block: str | None = None
    max_body_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"A path starts with a slash: {self.path!r}")
        if self.method not in get_args(PageMethod):
            raise ValueError(f"A page is asked for by GET or POST, not {self.method!r}")
        if not 200 <= self.status <= 299 or self.status in (204, 205):  # noqa: PLR2004 - statuses
            raise ValueError(f"The status of a page is one with content, not {self.status!r}")
        if self.block is not None and not self.block.isidentifier():
            raise ValueError(f"A block of a template is named as variables are: {self.block!r}")
        if self.max_body_bytes is not None and self.max_body_bytes < 0:
            raise ValueError(f"A form cannot be smaller than nothing: {self.max_body_bytes!r}")

    def __str__(self) -> str:
        page = f"page {self.path}" if self.path else "page"
        return page if self.safe else f"{self.method} {page}"

    def path_for(self, action: "Action") -> str:
        """The path at which this trigger runs `action`."""
        return self.path or f"/{action.path_name}"

    def template_for(self, action: "Action") -> str:
        """The template that makes a page of a result of `action`."""
        return self.template or f"{action.name}.j2"

    @property
    def safe(self) -> bool:
        """Whether the method only reads (RFC 9110, section 9.2.1)."""
        return self.method == "GET"
