"""Problems as pages: what a browser is shown where a program would get JSON."""

import logging
from dataclasses import replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from starlette.types import Scope, Send

from servey_core import Problem, Runtime
from servey_web.belongings import one_of
from servey_web.direct import Answer
from servey_web.fields import replaced
from servey_web.pages.accepting import prefers_pages
from servey_web.responses import RawHeaders, problem_headers, respond
from servey_web.scopes import headers_of
from servey_web.sessions.sessions import Sessions

if TYPE_CHECKING:
    from servey_web.pages.templates import Templates

HTML = (b"content-type", b"text/html; charset=utf-8")
"""The content type of pages."""

TEMPLATE = "problem.j2"
"""The template of problems that have none of their own, such as `404.j2`."""

_ACCEPT = b"accept"
_VARY = (b"vary", b"Accept")
_CACHE_CONTROL = (b"cache-control", b"no-store")
_log = logging.getLogger("servey.web")


class ProblemPages:
    """Makes pages of problems, by the application's templates or the default one.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._sessions = Sessions.of(runtime)

    @classmethod
    def of(cls, runtime: Runtime) -> "ProblemPages":
        """The one of an application."""
        return one_of(runtime, cls, lambda: cls(runtime))

    def wanted(self, scope: Scope, *, otherwise: bool = False) -> bool:
        """Whether who sent a request wants pages rather than JSON: a browser does.

        Args:
            scope: The request.
            otherwise: What holds where it says nothing of either.
        """
        return prefers_pages(headers_of(scope).get(_ACCEPT, b""), otherwise=otherwise)

    async def respond(self, problem: Problem, scope: Scope, send: Send) -> None:
        """Answer with a problem: by a page to who wants pages, else by JSON."""
        if not self.wanted(scope):
            await respond(send, replace(problem, headers={**problem.headers, "Vary": "Accept"}))
            return
        status, fields, body = await self.answer(problem, scope)
        await send({"type": "http.response.start", "status": status, "headers": fields})
        shown = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": shown})

    async def answer(self, problem: Problem, scope: Scope) -> Answer:
        """A problem as a page: status, header fields and body."""
        body = (await self._rendered(problem, scope)).encode("utf-8", "replace")
        visit = self._sessions.visit(scope)
        fields: RawHeaders = [HTML, (b"content-length", b"%d" % len(body)), *visit.fields()]
        if not visit.personal:
            fields.append(_CACHE_CONTROL)
        own = [field for field in problem_headers(problem) if field != _VARY]
        return problem.status, [*replaced(fields, own), _VARY], body

    @cached_property
    def _templates(self) -> "Templates":
        from servey_web.pages.templates import Templates  # which brings Jinja along

        return Templates.of(self._runtime)

    async def _rendered(self, problem: Problem, scope: Scope) -> str:
        from servey_web.pages.functions import set_request
        from servey_web.pages.values import PageInfo

        set_request(scope)
        values: dict[str, Any] = {
            "problem": problem,
            "page": PageInfo(scope),
            "authorization": self._sessions.visit(scope).authorization(),
        }
        for name in (f"{problem.status}.j2", TEMPLATE):
            if not self._templates.has(name):
                continue
            try:
                return await self._templates.render(name, values)
            except Exception:  # noqa: BLE001 - another template has a try
                _log.exception("the page of a problem failed: %s", name)
        return _bare(problem)


def _bare(problem: Problem) -> str:
    """The page where no template does."""
    title = f"{problem.status} {escape(problem.title)}"
    detail = f"<p>{escape(problem.detail)}</p>" if problem.detail else ""
    head = f'<meta charset="utf-8"><title>{title}</title>'
    return f'<!doctype html>\n<html lang="en">\n{head}\n<h1>{title}</h1>\n{detail}\n</html>\n'
