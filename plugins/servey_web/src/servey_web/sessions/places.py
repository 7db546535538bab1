"""Where browsers log in and out, and what is there: the application's own page, or the host's."""

from servey_core import Runtime, WebPageTrigger, WebTrigger
from servey_web.debug_authenticator import DebugAuthenticator, authenticator_of

LOGIN_PATH = "/login"
"""Where a browser logs in."""
LOGOUT_PATH = "/logout"
"""Where a browser logs out."""


def host_logs_in(runtime: Runtime) -> DebugAuthenticator | None:
    """What the host's own login page asks; None where there is no such page.

    There is one where the debug authenticator is on and the application has pages, none of which
    is at the path.

    Raises:
        ConfigurationError: As `authenticator_of`.
    """
    if not _has_pages(runtime) or is_claimed(runtime, LOGIN_PATH):
        return None
    return authenticator_of(runtime)


def has_login(runtime: Runtime) -> bool:
    """Whether there is a page to log in: the host's, or one of the application's own."""
    own = any(
        one.trigger.safe and one.trigger.path_for(one.action) == LOGIN_PATH
        for one in runtime.bindings
        if isinstance(one.trigger, WebPageTrigger)
    )
    return own or host_logs_in(runtime) is not None


def is_claimed(runtime: Runtime, path: str) -> bool:
    """Whether an action is served at a path."""
    return any(
        one.trigger.path_for(one.action) == path
        for one in runtime.bindings
        if isinstance(one.trigger, WebPageTrigger | WebTrigger)
    )


def _has_pages(runtime: Runtime) -> bool:
    return any(isinstance(one.trigger, WebPageTrigger) for one in runtime.bindings)
