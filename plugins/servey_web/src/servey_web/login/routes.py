"""The routes by which browsers log in and out."""

from servey_core import Runtime
from servey_web.login.pages import LoginPage, Logout
from servey_web.routes import WebRoute
from servey_web.sessions.places import (
    LOGIN_PATH,
    LOGOUT_PATH,
    has_login,
    host_logs_in,
    is_claimed,
)


def login_routes(runtime: Runtime) -> list[WebRoute]:
    """The routes to log in and out, where there is a way to, and no action is at them.

    Raises:
        ConfigurationError: The debug authenticator cannot be on as it is set.
    """
    if not has_login(runtime):
        return []
    routes = []
    if (authenticator := host_logs_in(runtime)) is not None:
        page = LoginPage(runtime, authenticator)
        routes.append(WebRoute(LOGIN_PATH, ("GET", "POST"), page))
    if not is_claimed(runtime, LOGOUT_PATH):
        routes.append(WebRoute(LOGOUT_PATH, ("POST",), Logout(runtime)))
    return routes
