"""What an action can say of its result beyond the result itself."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.cookies import CookieError, Morsel
from typing import Generic, Literal, TypeVar

from servey_core.authorization import Authorization
from servey_core.filenames import is_content_type

_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
"""What RFC 6265, section 4.1.1, calls a cookie-octet."""
_COOKIE_PLACE = re.compile(r"[ -:<-~]*")
"""What it lets stand in the value of an attribute."""

RedirectStatus = Literal[301, 302, 303, 307, 308]

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class ContentType:
    """Says what a text, bytes, or a stream of them are, where a surface has a place for that.

    It stands in the result's annotation: `-> Annotated[str, ContentType("text/csv")]`.

    Attributes:
        media_type: The media type (RFC 9110, section 8.3.1), with parameters where it needs some.
            A text is encoded as its `charset` says; a `text/` type without one is sent as UTF-8.

    Raises:
        ValueError: It is malformed, or its charset is not known.
    """

    media_type: str

    def __post_init__(self) -> None:
        if not is_content_type(self.media_type):
            raise ValueError(f"A media type is such as text/csv: {self.media_type!r}")
        try:
            codecs.lookup(self.charset)
        except LookupError:
            raise ValueError(f"The charset of {self.media_type!r} is not known.") from None

    @property
    def charset(self) -> str:
        """How a text of this type is encoded."""
        return self._said_charset or "utf-8"

    @property
    def of_text(self) -> str:
        """The media type of a text, which says how that is encoded."""
        if self.media_type.lower().startswith("text/") and self._said_charset is None:
            return f"{self.media_type}; charset=utf-8"
        return self.media_type

    @property
    def _said_charset(self) -> str | None:
        head = Message()
        head["Content-Type"] = self.media_type
        return head.get_content_charset()


@dataclass(frozen=True, slots=True)
class Redirect:
    """A result that sends the caller elsewhere.

    Attributes:
        url: Where to.
        status: 303 to look there with GET, 307 or 308 to repeat the request there; 301 and 308
            for ever (RFC 9110, section 15.4).
    """

    url: str
    status: RedirectStatus = 303


@dataclass(frozen=True, slots=True)
class PageResponse(Generic[Model]):
    """A result, and what is particular about the page that is made of it.

    The result's annotation says so: `-> PageResponse[Pet]`, or `-> Pet | PageResponse[Pet]`. On
    other surfaces the result is the model, with the status and header fields where there are such.

    Attributes:
        model: What the template knows as `model`.
        status: The status of the page; None for the trigger's.
        headers: Header fields, by name.
        template: The template's file; None for the trigger's.
    """

    model: Model
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None


@dataclass(slots=True)
class Response:
    """What an action adds to the response, where the surface has one.

    A parameter annotated `Response` is given one on every surface; where there is no HTTP response,
    what is set in it goes nowhere.

    Attributes:
        status: The status of the result; None for the trigger's.
        headers: Header fields, by name. What cannot stand in a header, line breaks among it, is
            replaced when it is sent.
        cookies: The values of `Set-Cookie` fields.
        template: The file of the template that makes a page of the result; None for the trigger's.
        session: Whom the browser that asked for a page is known as from now on, or a token that
            says so; an empty one for nobody, None to leave it as it is.
    """

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[str] = field(default_factory=list)
    template: str | None = None
    session: Authorization | str | None = field(default=None, repr=False)

    def set_cookie(  # noqa: PLR0913 - each is one attribute of a cookie
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        path: str = "/",
        domain: str = "",
        secure: bool = True,
        http_only: bool = True,
        same_site: Literal["Strict", "Lax", "None"] = "Lax",
    ) -> None:
        """Set a cookie (RFC 6265, section 4.1); careful where nothing is said.

        Args:
            name: Its name.
            value: Its value.
            max_age: For how many seconds it is kept; None until the browser is closed.
            path: The paths that it is sent to.
            domain: The hosts that it is sent to; empty for this one alone.
            secure: Whether it is sent over HTTPS (and to localhost) only.
            http_only: Whether scripts may not read it.
            same_site: Which requests from other sites it is sent with.

        Raises:
            ValueError: The name, the value or a place cannot stand in a cookie.
        """
        if not _COOKIE_VALUE.fullmatch(value):
            raise ValueError(f"A value has characters that cannot stand in the cookie {name!r}.")
        if not all(map(_COOKIE_PLACE.fullmatch, (path, domain))):
            raise ValueError(f"The path or the domain of the cookie {name!r} cannot stand in it.")
        cookie: Morsel[str] = Morsel()
        try:
            cookie.set(name, value, value)
        except CookieError as error:
            raise ValueError(f"A cookie cannot be named {name!r}.") from error
        cookie["path"], cookie["domain"] = path, domain
        cookie["max-age"] = "" if max_age is None else str(max_age)
        cookie["secure"], cookie["httponly"] = secure, http_only
        cookie["samesite"] = same_site
        self.cookies.append(cookie.OutputString())

    def take_page(self, page: PageResponse[Model]) -> Model:
        """Add what is particular about a page; its model is what is left."""
        self.status = self.status if page.status is None else page.status
        self.template = self.template if page.template is None else page.template
        self.headers.update(page.headers)
        return page.model

    def delete_cookie(self, name: str, *, path: str = "/", domain: str = "") -> None:
        """Have a cookie forgotten that was set with this path and domain."""
        self.set_cookie(name, "", max_age=0, path=path, domain=domain)

    def start_session(self, who: Authorization | str) -> None:
        """Have the browser that asked for a page known as somebody from now on.

        On surfaces other than pages nothing comes of it.

        Args:
            who: Who it is, and until when, or for as long as the settings say; or a token that the
                application's authorizer reads, where others issue them.

        Raises:
            ValueError: The token is empty.
        """
        if not who:
            raise ValueError("An empty token starts no session.")
        self.session = who

    def end_session(self) -> None:
        """Have the browser that asked for a page known as nobody from now on."""
        self.session = ""
