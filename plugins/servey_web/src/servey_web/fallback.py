"""What answers where nothing else does: the static site, and behind it what is not found."""

from starlette.types import Receive, Scope, Send

from servey_core import ConfigurationError, NotFound, Problem, Runtime, WebPageTrigger
from servey_web.pages.failures import TemplateFailed
from servey_web.pages.problems import ProblemPages
from servey_web.scopes import instance_of
from servey_web.static_site.assets import Assets
from servey_web.static_site.site import StaticSite, static_site


class WebFallback:
    """An ASGI application for requests to paths that nothing is at.

    Args:
        site: The static site; None where there is none.
        problems: Makes pages of problems, for browsers.

    Attributes:
        site: The same.
        refuse: Answers a request by a problem, as a page for a browser.
    """

    def __init__(self, site: StaticSite | None, problems: ProblemPages) -> None:
        self.site = site
        self.refuse = problems.respond
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        site = self.site
        if site is not None:
            if await site.answers(scope, receive, send, self.refuse):
                return
            by_browser = self._problems.wanted(scope)
            if by_browser and await site.shows_instead(scope, receive, send):
                return
        error = NotFound("There is nothing at this path.")
        await self.refuse(Problem.of(error, instance=instance_of(scope)), scope, send)


def web_fallback(runtime: Runtime) -> WebFallback | None:
    """What answers where nothing else does; None where there are neither pages nor static files.

    Raises:
        SettingsError: The static site cannot be as the settings have it.
        ConfigurationError: A template for the pages of problems cannot be used.
    """
    site = static_site(runtime)
    if site is None and not any(isinstance(b.trigger, WebPageTrigger) for b in runtime.bindings):
        return None
    from servey_web.pages.templates import Templates  # which brings Jinja along

    Assets.of(runtime)  # what takes a moment takes it now, and not at the first request
    try:
        Templates.of(runtime).check_problem_pages()
    except TemplateFailed as error:
        raise ConfigurationError(f"The page of a problem: {error}") from None
    return WebFallback(site, ProblemPages.of(runtime))
