"""Plans for pages that need more: what an action adds to its response, limits, and the way on."""

from typing import Any

from starlette.types import Receive, Scope

from servey_core import (
    Authorization,
    Context,
    Outcome,
    ProblemError,
    Redirect,
)
from servey_web.bodies import ClientDisconnected
from servey_web.direct import Answer
from servey_web.fields import location
from servey_web.full_calls import full_head, in_full, succeeds
from servey_web.pages.forms import EMPTY, Form
from servey_web.pages.plans import Page, PagePlan
from servey_web.pages.rendering import PageTemplate
from servey_web.pages.templates import FindTemplate, Templates
from servey_web.plans import CONTENTLESS, without_content
from servey_web.scopes import headers_of


class FullPagePlan(PagePlan):
    """How one action answers requests for one page, whatever it gives.

    Args:
        page: What is known of the page.
    """

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._templates = Templates.of(page.runtime)
        self._types = page.types
        self._others: dict[str, FindTemplate] = {}

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to one request."""
        try:
            authorization = self._authorization_of(scope, headers_of(scope), self._find())
            context = self._context(scope, authorization)
            return await self._called(scope, receive, context)
        except ProblemError as error:
            return await self._refusal(error, scope)
        except ClientDisconnected:
            raise
        except Exception as error:  # noqa: BLE001 - the log has it, and the page says nothing
            return await self._refusal(self._caused(error, scope), scope)

    async def _called(self, scope: Scope, receive: Receive, context: Context) -> Answer:  # noqa: ARG002
        """Call the action, and make a page of what it gives."""
        outcome = await self._invoker.invoke(self._read, scope, context)
        return await self._page(outcome, context, scope)

    async def _page(self, outcome: Outcome, context: Context, scope: Scope) -> Answer:
        """The page, or the way elsewhere, with what the action adds to it."""
        try:
            authorization = self._followed(outcome, context, scope)
            status, fields, body = await self._whole(outcome, authorization, scope)
            status, fields = full_head(outcome, context, status, fields)
            fields = self._sessions.visit(scope).kept_back(fields)
        except ProblemError:
            raise
        except Exception as error:
            raise outcome.failure(error) from error
        if status in CONTENTLESS:
            return status, without_content(fields, status), b""
        return status, fields, body

    def _followed(self, outcome: Outcome, context: Context, scope: Scope) -> Authorization | None:
        """Start or end a session, as the action said; and who the caller is from now on."""
        response = outcome.response
        if response is None or response.session is None:
            return context.authorization
        visit = self._sessions.visit(scope)
        visit.follow(response)
        return visit.authorization()

    async def _whole(
        self, outcome: Outcome, authorization: Authorization | None, scope: Scope
    ) -> Answer:
        model = outcome.value
        if isinstance(model, Redirect):
            fields = [location(model.url), (b"content-length", b"0"), *self._refusals.fields(scope)]
            return model.status, fields, b""
        template = self._template_of(outcome)
        text = await self._render(template, _values(model, authorization, EMPTY), scope)
        self._note(template, model, scope)
        return self._dressed(template, text, model, scope, fresh=succeeds(outcome))

    async def _with_form(
        self, model: Any, form: Form, authorization: Authorization | None, scope: Scope
    ) -> tuple[PageTemplate, str]:
        """The page with a form as it was sent."""
        template = self._find()
        return template, await self._render(template, _values(model, authorization, form), scope)

    def _template_of(self, outcome: Outcome) -> PageTemplate:
        """The template that the action chose, or the page's own.

        Raises:
            TemplateFailed: There is no such template, or it cannot be rendered.
        """
        name = outcome.response.template if outcome.response else None
        if name is None:
            return self._find()
        if name not in self._others:
            self._others[name] = self._templates.find(name, self._types)
        return self._others[name]()

    def _context(self, scope: Scope, authorization: Authorization | None) -> Context:
        return in_full(super()._context(scope, authorization), self._invoker, scope)


def _values(model: Any, authorization: Authorization | None, form: Form) -> dict[str, Any]:
    return {"model": model, "authorization": authorization, "form": form}
