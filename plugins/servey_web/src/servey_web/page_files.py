"""The files that pages for browsers are made of, and how they are served."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from servey_core.errors import NotFound
from servey_core.problems import Problem
from servey_web.responses import respond
from servey_web.routes import WebRoute
from servey_web.scopes import instance_of

DEBUG_LOGIN_SCRIPT = "debug-login.js"
"""The file, among those of every page, by which it asks the debug authenticator for tokens."""

_SHARED = Path(__file__).with_name("assets")
_KINDS = frozenset((".css", ".js", ".svg", ".ttf", ".txt"))
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class PageFiles:
    """The files of a page, at addresses that are kept for ever: they change when the files do.

    Attributes:
        files: Where each file is, by its name.
        bundled: Whether what is made of npm's packages is among them.
    """

    files: Mapping[str, Path]
    bundled: bool = True

    @classmethod
    def beside(cls, module: str, main: str) -> "PageFiles":
        """What pages share, the files in `static` beside a module, and its `bundle`, where made.

        Args:
            module: The module's `__file__`.
            main: The bundle's main file. It is there where npm was when the distribution was built.
        """
        ours, made = Path(module).with_name("static"), Path(module).with_name("bundle")
        bundled = (made / main).is_file()
        folders = (_SHARED, *((made,) if bundled else ()), ours)
        found = (file for folder in folders for file in folder.iterdir())
        return cls({one.name: one for one in found if one.suffix in _KINDS}, bundled)

    @cached_property
    def version(self) -> str:
        """A name for the files as they are."""
        digest = hashlib.sha256()
        for name, file in sorted(self.files.items()):
            digest.update(name.encode() + file.read_bytes())
        return digest.hexdigest()[:12]

    def below(self, page: str) -> str:
        """The address that the files are below.

        Args:
            page: The page's own.
        """
        return f"{page}/assets/{self.version}"

    def route(self, page: str) -> WebRoute:
        """What serves them.

        Args:
            page: The page's path.
        """
        return WebRoute(f"{self.below(page)}/{{name}}", ("GET",), self._send)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path_params"]["name"])
        if file is None:
            missing = NotFound("The page has no such file.")
            await respond(send, Problem.of(missing, instance=instance_of(scope)))
            return
        response = StaticFiles(directory=file.parent).file_response(file, file.stat(), scope)
        response.headers["Cache-Control"] = _KEPT
        await response(scope, receive, send)
