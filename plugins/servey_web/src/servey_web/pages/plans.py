"""One plan for each page: the action is started, and a template makes the page, with no detours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from starlette.types import Receive, Scope, Send

from servey_core import (
    Authorization,
    Binding,
    CacheHeaders,
    Context,
    Invoker,
    Problem,
    ProblemError,
    Redirect,
    Runtime,
    WebPageTrigger,
)
from servey_web.caching.freshness import NO_STORE, NOT_MODIFIED, with_hint
from servey_web.direct import Answer
from servey_web.full_calls import told_of_replay
from servey_web.pages.forms import EMPTY
from servey_web.pages.functions import set_request
from servey_web.pages.html_input import page_reader
from servey_web.pages.notes import Note, Notes
from servey_web.pages.problems import HTML
from servey_web.pages.refusals import Refusals
from servey_web.pages.rendering import PageTemplate
from servey_web.pages.templates import FindTemplate, Types
from servey_web.pages.values import HTMX_FIELDS, PageInfo, wants_block
from servey_web.plans import ActionPlan, length_field
from servey_web.scopes import headers_of
from servey_web.sessions.policies import CSP
from servey_web.sessions.sessions import Sessions

Headers = dict[bytes, bytes]

SURFACE = "page"
"""The name of the surface."""

_AUTHORIZATION = b"authorization"
_COOKIE = b"cookie"


@dataclass(frozen=True)
class Page:
    """What is known of one page at start-up.

    Attributes:
        binding: The action and its trigger.
        runtime: The application.
        in_path: The parameters that stand in the path.
        find: Finds the page's template.
        types: The types of what templates are rendered with.
    """

    binding: Binding
    runtime: Runtime
    in_path: tuple[str, ...]
    find: FindTemplate
    types: Types


class PagePlan(ActionPlan):
    """How one action answers requests for one page.

    It is a `DirectEndpoint`, and an ASGI application that answers the same.

    Args:
        page: What is known of the page.

    Attributes:
        begin: Answers a request whose header fields are known.
    """

    surface = SURFACE
    brings = frozenset((CSP,))

    def __init__(self, page: Page) -> None:
        binding, runtime = page.binding, page.runtime
        super().__init__(binding, runtime)
        assert isinstance(binding.trigger, WebPageTrigger)  # noqa: S101 - the caller asks for these
        self._find = page.find
        self._block = binding.trigger.block
        self._sessions = Sessions.of(runtime)
        self._refusals = Refusals(runtime)
        notes = Notes.of(runtime)
        self._notes = notes if notes.wanted else None
        self._read = self._reader(page.in_path)
        if self._block is not None:
            self._vary = (*self._vary, *HTMX_FIELDS)
        self._status = binding.trigger.status
        self._kept_back = self._invoker.depends_on_caller or self._by_cookie
        self.begin = self._compile_begin()

    @staticmethod
    def suits(invoker: Invoker) -> bool:
        """Whether nothing is needed that these plans do not do."""
        signature = invoker.signature
        may_lead_on = signature.returned.may_be(Redirect)
        return invoker.direct and not signature.sets_response and not may_lead_on

    def finish(self, answer: Answer, scope: Scope) -> Answer:  # noqa: ARG002 - others look at it
        """The answer, which is whole already."""
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        status, fields, content = await self.answer(scope, receive)
        content = b"" if scope["method"] == "HEAD" else content
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 - others read
        """The answer to one request."""
        return await self.begin(scope, headers_of(scope), b"")

    def _compile_begin(self) -> Callable[[Scope, Headers, bytes], Awaitable[Answer]]:
        start, find, nobody = self._starter(), self._find, Context()
        uses_context, render = self._invoker.uses_context, self._render
        authorization_of, context_of = self._authorization_of, self._context

        async def begin(scope: Scope, headers: Headers, body: bytes) -> Answer:  # noqa: ARG001
            try:
                template, authorization, context = find(), None, nobody
                if _AUTHORIZATION in headers or _COOKIE in headers:
                    authorization = authorization_of(scope, headers, template)
                if uses_context:
                    context = context_of(scope, authorization)
                model = await start(scope, context)
                values = {"model": model, "authorization": authorization, "form": EMPTY}
                text = await render(template, values, scope)
                self._note(template, model, scope)
                return self._dressed(template, text, model, scope)
            except ProblemError as error:
                return await self._refusal(error, scope)
            except Exception as error:  # noqa: BLE001 - the log has it, and the page says nothing
                return await self._refusal(self._caused(error, scope), scope)

        return begin

    def _starter(self) -> Callable[[Scope, Context], Awaitable[Any]]:
        return self._invoker.starter(self._read)

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        return page_reader(self._invoker.signature, in_path)

    def _authorization_of(
        self, scope: Scope, headers: Headers, template: PageTemplate
    ) -> Authorization | None:
        """Who asks; a cookie is not looked at where nothing comes of it.

        Raises:
            Unauthorized: The token in the header is not valid.
        """
        heeded = self._invoker.uses_context or template.needs("authorization")
        if heeded or _AUTHORIZATION in headers:
            return self._sessions.authorization_of(scope)
        return None

    async def _render(self, template: PageTemplate, values: dict[str, Any], scope: Scope) -> str:
        """Render a page, or the one block of it that htmx asks for."""
        set_request(scope)
        if template.needs("page"):
            values["page"] = PageInfo(scope, self._invoker.action.name)
        if self._block is not None and wants_block(scope):
            return await template.render(values, self._block)
        return await template.render(values) if template.waits else template.render_now(values)

    def _caused(self, error: Exception, scope: Scope) -> ProblemError:
        """The failure that the caller is told of, with its cause, which development shows."""
        failure = self.failure(error, scope)
        failure.__cause__ = error
        return failure

    def _note(self, template: PageTemplate, model: Any, scope: Scope) -> None:
        """Note what a page was made of, where tests want to know."""
        if self._notes is not None:
            shown = self._invoker.signature.result_to_json(model)
            self._notes.keep(scope, Note(shown, template.is_personal))

    def _note_problem(self, problem: Problem, scope: Scope) -> None:
        if self._notes is not None:
            self._notes.keep(scope, Note(problem=problem.to_dict()))

    def _dressed(
        self, template: PageTemplate, text: str, model: Any, scope: Scope, *, fresh: bool = True
    ) -> Answer:
        """A page with its header fields, or 304 for a caller that has it.

        Args:
            template: The page's template.
            text: The page.
            model: What it was made of.
            scope: The request.
            fresh: Whether the hint for the result is in force.
        """
        body = text.encode("utf-8", "replace")
        status, visit, vary = self._status, self._sessions.visit(scope), self._vary
        if template.asks_htmx and self._block is None:
            vary = (*vary, *HTMX_FIELDS)
        own = visit.fields()
        fields = [HTML, length_field(len(body)), *own]
        personal = visit.personal or template.is_personal
        hint = None
        if self._hinted and fresh and not visit.personal:
            hint = _page_hint(self._hint(model, body), body, private=personal)
        if hint is None:
            if not visit.personal and (self._kept_back or self._hinted or personal):
                fields.append(NO_STORE)
            if vary:
                fields.append((b"vary", b", ".join(vary)))
            return status, fields, body
        if hint.private:
            vary = (_COOKIE, *(name for name in vary if name != _COOKIE))
        answer = with_hint((status, fields, body), hint, scope, vary)
        return (NOT_MODIFIED, [*answer[1], *own], b"") if answer[0] == NOT_MODIFIED else answer

    async def _refusal(self, error: ProblemError, scope: Scope) -> Answer:
        """What a caller is shown of a problem."""
        problem = told_of_replay(self._problem(error, scope), error)
        self._note_problem(problem, scope)
        return await self._refusals.answer(problem, error, scope)


def _page_hint(hint: CacheHeaders | None, body: bytes, *, private: bool) -> CacheHeaders | None:
    """The hint for a page, which changes with its template, too: its tag is of the page itself."""
    if hint is None:
        return None
    if hint.etag is not None or hint.last_modified is not None:
        digest = blake2b(body, digest_size=16).hexdigest()
        hint = replace(hint, etag=digest, last_modified=None)
    return replace(hint, private=True) if private else hint
