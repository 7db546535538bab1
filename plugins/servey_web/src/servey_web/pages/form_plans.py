"""Plans for forms: the empty one, and what is sent by it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.types import Receive, Scope

from servey_core import (
    Authorization,
    Context,
    InvalidInput,
    Unauthorized,
)
from servey_core.access import authorise
from servey_web.arguments.forms import form_taker
from servey_web.arguments.queries import Pairs
from servey_web.direct import Answer
from servey_web.full_calls import taken_form
from servey_web.pages.form_texts import secret_parameters, without_secrets
from servey_web.pages.forms import Form
from servey_web.pages.full_plans import FullPagePlan
from servey_web.pages.html_input import page_form_reader
from servey_web.pages.plans import Headers, Page, PagePlan
from servey_web.pages.rendering import PageTemplate

_OK = 200

Model = Callable[[Scope, Authorization | None], Awaitable[Any]]
"""Gives what the page of a form is made of, for a caller."""


class EmptyFormPlan(PagePlan):
    """How the empty form of an action is shown, whose model is None.

    Args:
        page: What is known of the page.
    """

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._status = _OK  # the trigger's is that of what the form makes

    def _starter(self) -> Callable[[Scope, Context], Awaitable[Any]]:
        invoker, injected = self._invoker, self._invoker.signature.injected
        needs_caller = any(injected.values())

        async def start(scope: Scope, context: Context) -> None:
            authorise(invoker.action.access_control, context.authorization)
            if needs_caller and context.authorization is None:
                raise Unauthorized("Credentials are needed.")
            self._read(scope)

        return start

    def _note(self, template: PageTemplate, model: Any, scope: Scope) -> None:
        """Note nothing: there is no result."""

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        """What checks the path; the rest comes by the form."""
        only = self._invoker.signature.only(in_path)
        return lambda scope: only.from_texts(scope["path_params"].items()) if in_path else {}


class ModelPlan(FullPagePlan):
    """How a page's own action gives its model, where a form is shown within the page again.

    Args:
        page: What is known of the page.
    """

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._in_path = page.in_path

    async def model(self, scope: Scope, authorization: Authorization | None) -> Any:
        """The model, of the path alone.

        Raises:
            ProblemError: The action raised it.
        """
        texts = scope.get("path_params", {}).values()
        path = dict(zip(self._in_path, texts, strict=True))
        asked = {**scope, "method": "GET", "query_string": b"", "path_params": path}
        context = self._context(scope, authorization)
        return (await self._invoker.invoke(self._read, asked, context)).value


class FormPlan(FullPagePlan):
    """How one action is called by a form.

    Args:
        page: What is known of the page.
        model: Gives the model of the page in which a refused form is shown again.
    """

    def __init__(self, page: Page, model: Model) -> None:
        super().__init__(page)
        assert self.max_body is not None  # noqa: S101 - a form is a body
        self._take = form_taker(self._invoker.signature, self.max_body, self._patience)
        self._secrets = secret_parameters(self._invoker.signature)
        self._model = model

    async def _called(self, scope: Scope, receive: Receive, context: Context) -> Answer:
        async with taken_form(self._take, self._invoker, context, scope, receive) as form:
            fields = self._sessions.visit(scope).check_csrf(form.fields)
            try:
                given = scope, replace(form, fields=fields)
                outcome = await self._invoker.invoke(self._read, given, context)
            except InvalidInput as error:
                if self._refusals.in_json(scope):
                    raise
                return await self._again(error, fields, scope, context)
            return await self._page(outcome, context, scope)

    async def _again(
        self, error: InvalidInput, fields: Pairs, scope: Scope, context: Context
    ) -> Answer:
        """The form once more, with what is wrong with it."""
        secrets = self._secrets | self._find().passwords
        shown = without_secrets(fields, secrets)
        form = Form(shown, error.errors, error.detail, sent=True)
        model = await self._model(scope, context.authorization)
        template, text = await self._with_form(model, form, context.authorization, scope)
        self._note_problem(self._problem(error, scope), scope)
        _, own, body = self._dressed(template, text, model, scope, fresh=False)
        return error.status, own, body

    def _reader(self, in_path: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
        return page_form_reader(self._invoker.signature, in_path)

    def _authorization_of(
        self,
        scope: Scope,
        headers: Headers,  # noqa: ARG002 - what is sent by a form is always looked at closely
        template: PageTemplate,  # noqa: ARG002
    ) -> Authorization | None:
        return self._sessions.authorization_of(scope)


async def no_model(scope: Scope, authorization: Authorization | None) -> None:
    """The model of a form that stands by itself."""
