"""Servey's page on its own web host, as in production: every protection of it is on."""

from collections.abc import Callable
from typing import Any

from peers.pages.contract import PATH, TEMPLATE, TEMPLATES, Results, search
from peers.servey import PRODUCTION
from servey_core import Runtime, WebPageTrigger, action, action_of, start
from servey_web import create_app


def application() -> Any:
    """An async action."""
    return create_app(runtime())


def sync_application() -> Any:
    """A sync action, in a thread."""
    return create_app(_runtime(_sync_products))


def inline_application() -> Any:
    """A sync action, on the event loop."""
    return create_app(_runtime(_sync_products, sync_to_thread=False))


def runtime() -> Runtime:
    """The application with an async action."""
    return _runtime(_products)


def _runtime(function: Callable[..., Any], **options: Any) -> Runtime:
    trigger = WebPageTrigger(PATH, TEMPLATE)
    made = action_of(action(triggers=trigger, **options)(function))
    assert made is not None
    given = {**PRODUCTION, "access_log": False, "templates": str(TEMPLATES)}
    return start(actions=[made], given=given)


async def _products(q: str) -> Results:
    return search(q)


def _sync_products(q: str) -> Results:
    return search(q)
