"""What comes by other ways than JSON: forms, files, headers and cookies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from servey_core import WEB_GET, Cookie, Example, File, Header, InvalidInput, WebTrigger, action

_FORM = WebTrigger("POST", form=True)
_UPLOAD = WebTrigger("POST", max_body_bytes=20 * 1024 * 1024)


@dataclass(frozen=True)
class Address:
    """Where somebody lives."""

    street: str
    town: str = "Brighton"


@dataclass(frozen=True)
class Digest:
    """What can be said of a file without looking into it."""

    filename: str | None
    content_type: str
    size: int
    sha256: str


_ADDRESS = Address("Marine Parade 1")


@action(
    triggers=_FORM,
    tags="forms",
    examples=(
        Example(
            "one", {"name": "Ada", "address": _ADDRESS}, "Ada, Marine Parade 1, Brighton: none"
        ),
        Example(
            "several",
            {"name": "Zoë & Co", "address": _ADDRESS, "days": [1, 2], "news": True},
            "Zoë & Co, Marine Parade 1, Brighton: 1, 2 and news",
        ),
        Example("no_day", {"name": "Ada", "address": _ADDRESS, "days": ["x"]}, raises=InvalidInput),
    ),
)
def subscribe(
    name: str, address: Address, days: list[int] | None = None, *, news: bool = False
) -> str:
    """Take a form, whose fields are read as those of a query string are."""
    wanted = ", ".join(map(str, days or [])) or "none"
    return f"{name}, {address.street}, {address.town}: {wanted}{' and news' if news else ''}"


@action(
    triggers=_UPLOAD,
    tags="forms",
    examples=(
        Example(
            "text",
            {"file": File.of("hello", filename="hello.txt")},
            Digest("hello.txt", "text/plain", 5, hashlib.sha256(b"hello").hexdigest()),
        ),
        Example("no_file", {"file": "hello"}, raises=InvalidInput),
    ),
)
async def digest_of(file: File) -> Digest:
    """Take a file, which is read piece by piece."""
    digest = hashlib.sha256()
    async for chunk in file.chunks():
        digest.update(chunk)
    return Digest(file.filename, file.content_type, file.size, digest.hexdigest())


@action(
    triggers=_UPLOAD,
    tags="forms",
    examples=(
        Example(
            "two",
            {
                "photos": [
                    File.of(b"\x89PNG", filename="sea.png"),
                    File.of(b"\xff\xd8", filename="été.jpg", content_type="image/jpeg"),
                ],
                "album": "Summer",
            },
            {"Summer/sea.png": 4, "Summer/été.jpg": 2},
        ),
        Example("none", {}, {}),
    ),
)
def sizes_of(photos: list[File] | None = None, album: str = "") -> dict[str, int]:
    """Take several files, and a field beside them."""
    return {f"{album}/{photo.filename}": photo.size for photo in photos or []}


@action(
    triggers=WEB_GET,
    tags="forms",
    examples=(
        Example("acme", {"x_tenant": "acme"}, "acme sees nothing"),
        Example("two", {"x_tenant": "acme", "roles": ["a", "b"]}, "acme sees a, b"),
        Example("theme", {"x_tenant": "acme", "theme": "dark"}, "acme sees nothing, darkly"),
        Example("nobody", {}, raises=InvalidInput),
    ),
)
def what_is_seen(
    x_tenant: Annotated[str, Header()],
    roles: Annotated[list[str] | None, Header("X-Roles")] = None,
    theme: Annotated[str, Cookie()] = "light",
) -> str:
    """Take headers and a cookie."""
    seen = ", ".join(roles or []) or "nothing"
    return f"{x_tenant} sees {seen}{', darkly' if theme == 'dark' else ''}"
