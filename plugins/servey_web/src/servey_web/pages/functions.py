"""What every template may call: addresses, and what forms and scripts need.

They know the request from a context variable, rather than by an argument, so that macros which are
imported have them too.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from markupsafe import Markup
from starlette.types import Scope

from servey_core import ConfigurationError, Runtime
from servey_web.pages.checks import CheckCall
from servey_web.pages.urls import Urls
from servey_web.sessions.csrf import FIELD
from servey_web.sessions.sessions import Sessions
from servey_web.sessions.visits import Visit
from servey_web.static_site.assets import Assets

PERSONAL = frozenset(("authorization", "csrf_field", "csrf_token", "csp_nonce"))
"""Names with which a template gives each caller another page."""

_request: ContextVar[Scope] = ContextVar("servey_page_request")

set_request = _request.set
"""Says for which request templates are rendered from now on, in this task."""


@dataclass(frozen=True)
class PageFunctions:
    """What every template may call.

    Attributes:
        functions: The functions, by name.
        checks: What checks calls of them whose arguments are constant, by name.
    """

    functions: dict[str, Callable[..., Any]]
    checks: dict[str, CheckCall]

    @classmethod
    def of(cls, runtime: Runtime) -> "PageFunctions":
        """Those of an application."""
        urls, assets, sessions = Urls(runtime), Assets.of(runtime), Sessions.of(runtime)

        def visit() -> Visit:
            return sessions.visit(_scope())

        def url_for(name: str, /, **params: Any) -> str:
            return f"{_root_path()}{urls.path(name, params)}"

        def asset_url(path: str) -> str:
            return assets.url(path, _root_path())

        def csrf_token() -> str:
            return visit().csrf_token()

        def csrf_field() -> Markup:
            return _HIDDEN.format(name=FIELD, value=visit().csrf_token())

        def csp_nonce() -> str:
            return visit().csp_nonce()

        def login_url() -> str:
            return sessions.login_url(_scope()) or ""

        def logout_url() -> str:
            return sessions.logout_url(_scope())

        made = (url_for, asset_url, csrf_token, csrf_field, csp_nonce, login_url, logout_url)
        return cls(
            {function.__name__: function for function in made},
            {
                "url_for": lambda call: _check_url(call, urls),
                "asset_url": lambda call: _check_asset(call, assets),
            },
        )


_HIDDEN = Markup('<input type="hidden" name="{name}" value="{value}">')


def _scope() -> Scope:
    return _request.get()


def _root_path() -> str:
    root_path: str = _scope().get("root_path", "")
    return root_path


def _check_url(call: nodes.Call, urls: Urls) -> str | None:
    name = _first_text(call)
    if name is None or call.dyn_kwargs is not None:
        return None
    try:
        urls.check(name, {keyword.key for keyword in call.kwargs})
    except ConfigurationError as error:
        return str(error)
    return None


def _check_asset(call: nodes.Call, assets: Assets) -> str | None:
    path = _first_text(call)
    if path is not None:
        assets.url(path)
    return None


def _first_text(call: nodes.Call) -> str | None:
    """The first argument of a call, where it is a constant text."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, nodes.Const) and isinstance(first.value, str) else None
