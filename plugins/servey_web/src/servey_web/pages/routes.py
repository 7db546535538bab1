"""The routes of pages: each page trigger, by the plan that suits its action."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Union

from servey_core import (
    Authorization,
    Binding,
    File,
    Invoker,
    Redirect,
    Runtime,
    WebPageTrigger,
)
from servey_core.errors import ActionError
from servey_core.naming import did_you_mean
from servey_core.returns import bare, members_of
from servey_web.arguments.paths import check_path, path_parameters
from servey_web.arguments.readers import takes_form
from servey_web.pages.failures import TemplateFailed
from servey_web.pages.form_plans import EmptyFormPlan, FormPlan, ModelPlan, no_model
from servey_web.pages.forms import Form
from servey_web.pages.full_plans import FullPagePlan
from servey_web.pages.kinds import UNKNOWN
from servey_web.pages.plans import Page, PagePlan
from servey_web.pages.templates import Templates
from servey_web.pages.values import PageInfo
from servey_web.routes import WebRoute, parameter_of


def page_bindings(runtime: Runtime) -> list[Binding]:
    """The bindings that are served here."""
    return [one for one in runtime.bindings if isinstance(one.trigger, WebPageTrigger)]


def page_routes(runtime: Runtime) -> Iterator[WebRoute]:
    """A route for each page trigger, and one for the empty form of each that has none.

    Raises:
        ActionError: A trigger does not fit its action, or a template its result.
    """
    bindings = page_bindings(runtime)
    if not bindings:
        return
    by_shape = {_shape(_path(one)): one for one in bindings if _trigger(one).safe}
    for binding in bindings:
        action = binding.action
        try:
            yield from _routes(binding, runtime, by_shape)
        except TemplateFailed as error:
            reason = f"{error}{_advice(error, runtime)}"
            raise ActionError(action.name, action.place, reason) from None
        except ValueError as error:
            raise ActionError(action.name, action.place, str(error)) from None


def _routes(binding: Binding, runtime: Runtime, shown: dict[str, Binding]) -> Iterator[WebRoute]:
    """The route of a page; of a form, that of the empty form before it."""
    path, invoker = _path(binding), runtime.invoker(binding.action.name)
    if invoker.signature.returned.may_be(File):
        raise ValueError("a file cannot be shown on a page; give it by a WebTrigger.")
    if _trigger(binding).safe:
        takes_form("GET", invoker.signature)  # it has no body that a file could come in
        page = _page(binding, runtime, [invoker])
        yield _shown(path, page, PagePlan if PagePlan.suits(invoker) else FullPagePlan)
        return
    beside, model = shown.get(_shape(path)), no_model
    if beside is None:
        page = _page(binding, runtime, [invoker])
        yield _shown(path, page, EmptyFormPlan)
    else:
        page = _page(binding, runtime, [invoker, runtime.invoker(beside.action.name)])
        own = replace(page, binding=beside, in_path=_in_path(beside, runtime))
        model = ModelPlan(own).model
    yield WebRoute(path, ("POST",), FormPlan(page, model), (binding,))


def _shown(path: str, page: Page, kind: type[PagePlan]) -> WebRoute:
    """The route of a page that is shown to who asks for it."""
    plan = kind(page)
    direct = None if isinstance(plan, FullPagePlan) else plan
    pages = () if page.in_path else (path,)
    return WebRoute(path, ("GET",), plan, (page.binding,), direct=direct, pages=pages)


def _page(binding: Binding, runtime: Runtime, invokers: list[Invoker]) -> Page:
    """What is known of a page, whose model one of some actions gives."""
    in_path, types = _in_path(binding, runtime), _types(invokers)
    trigger = _trigger(binding)
    name = trigger.template_for(binding.action)
    find = Templates.of(runtime).find(name, types, sent=not trigger.safe)
    block, found = trigger.block, find()
    if block is not None and block not in found.blocks:
        hint = did_you_mean(block, found.blocks)
        raise ValueError(f"the template {found.name!r} has no block {block!r}. {hint}".rstrip())
    return Page(binding, runtime, in_path, find, types)


def _in_path(binding: Binding, runtime: Runtime) -> tuple[str, ...]:
    path, action = _path(binding), binding.action
    found = path_parameters(path)
    check_path(path, found, action, runtime.invoker(action.name).signature)
    return found


def _types(invokers: Iterable[Invoker]) -> dict[str, Any]:
    """The types of what a template is rendered with, where one of some actions gave the model."""
    models = [
        one
        for invoker in invokers
        for one in members_of(invoker.signature.returned.annotation)
        if bare(one) is not Redirect
    ]
    return {
        "model": Union[tuple(models)] if models else UNKNOWN,  # noqa: UP007 - it is not written out
        "page": PageInfo,
        "authorization": Authorization | None,
        "form": Form,
    }


def _advice(error: TemplateFailed, runtime: Runtime) -> str:
    """What to do about a template that is not there at all."""
    if error.place:
        return ""
    folder = Templates.of(runtime).folder
    return (
        f" Make the file {folder / error.template}, name another by "
        "WebPageTrigger(template=...), or another folder by SERVEY_TEMPLATES."
    )


def _trigger(binding: Binding) -> WebPageTrigger:
    assert isinstance(binding.trigger, WebPageTrigger)  # noqa: S101 - the callers ask for these
    return binding.trigger


def _path(binding: Binding) -> str:
    return _trigger(binding).path_for(binding.action)


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return "/".join("{}" if parameter_of(segment) else segment for segment in path.split("/"))
