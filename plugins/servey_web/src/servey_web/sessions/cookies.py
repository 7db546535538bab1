"""The cookies of pages: where they are read from, and how they are set (RFC 6265, section 4)."""

import re
from dataclasses import dataclass

from starlette.types import Scope

from servey_web.arguments.headers import cookie_pairs
from servey_web.scopes import headers_of

COOKIE = b"cookie"
SET_COOKIE = b"set-cookie"

MAX_BYTES = 4096
"""What browsers keep of one cookie: its name and value together (RFC 6265, section 6.1)."""

_HOST_ONLY = b"__Host-"
"""Begins the names of cookies that only this very host can have set, over HTTPS (RFC 6265bis)."""
_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
"""What may stand in a cookie (RFC 6265, section 4.1.1)."""
_SAFE = b"; Path=/; HttpOnly; SameSite=Lax"


@dataclass(frozen=True, slots=True)
class PageCookie:
    """A cookie that no script reads, and that no other site's form is sent with.

    Over HTTPS its name begins with `__Host-`, and one without that is not looked at.

    Attributes:
        name: Its name over plain HTTP.
    """

    name: bytes

    def read(self, scope: Scope) -> str | None:
        """Its value; None where a request has none, and empty where it cannot be ours.

        Of two of one name, one was planted by another host of the domain.
        """
        if COOKIE not in headers_of(scope):
            return None
        wanted = self._sent_name(scope)
        found = [
            content
            for field, value in scope["headers"]
            if field == COOKIE
            for name, content in cookie_pairs(value)
            if name == wanted
        ]
        if not found:
            return None
        if len(found) > 1 or not found[0].isascii():
            return ""
        return found[0].strip(b" \t").decode("ascii")

    def written(self, scope: Scope, value: str, max_age: int | None = None) -> tuple[bytes, bytes]:
        """The header field that sets it.

        Args:
            scope: The request that is answered.
            value: Its value, in ASCII.
            max_age: For how many seconds it is kept; None until the browser is closed.

        Raises:
            ValueError: A browser would not keep it, for its length or characters.
        """
        if not _VALUE.fullmatch(value) or len(_HOST_ONLY + self.name) + len(value) > MAX_BYTES:
            raise ValueError(
                f"The cookie {self.name.decode()} cannot hold {len(value)} characters: browsers "
                f"keep {MAX_BYTES} bytes of one, in ASCII without spaces, quotes, commas, "
                "semicolons and backslashes."
            )
        age = b"" if max_age is None else b"; Max-Age=%d" % max_age
        secure = b"; Secure" if _is_https(scope) else b""
        return SET_COOKIE, b"%b=%b%b%b%b" % (
            self._sent_name(scope),
            value.encode("ascii"),
            _SAFE,
            age,
            secure,
        )

    def forgotten(self, scope: Scope) -> tuple[bytes, bytes]:
        """The header field that has it forgotten."""
        return self.written(scope, "", 0)

    def _sent_name(self, scope: Scope) -> bytes:
        return _HOST_ONLY + self.name if _is_https(scope) else self.name


def _is_https(scope: Scope) -> bool:
    return scope.get("scheme") == "https"
