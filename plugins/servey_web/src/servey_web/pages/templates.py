"""The templates of an application: its own folder's, and behind them the package's."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, TemplateError

from servey_core import Authorization, Problem, Runtime
from servey_web.belongings import one_of
from servey_web.pages.checks import Surroundings, check_graph
from servey_web.pages.environment import make_environment
from servey_web.pages.failures import TemplateFailed
from servey_web.pages.form_texts import check_forms
from servey_web.pages.functions import PageFunctions
from servey_web.pages.graphs import read_graph
from servey_web.pages.helpers import KnownHelpers
from servey_web.pages.rendering import PageTemplate, Values
from servey_web.pages.sources import Sources
from servey_web.pages.values import PageInfo
from servey_web.pages.waiting import may_wait
from servey_web.settings import WebSettings

Types = Mapping[str, Any]

_OF_PROBLEMS = re.compile(r"problem\.j2|[45][0-9][0-9]\.j2")


class Templates:
    """The templates of an application.

    Args:
        runtime: The application.

    Attributes:
        folder: The folder of the application's own.
    """

    def __init__(self, runtime: Runtime) -> None:
        development = runtime.settings.core.development
        self.folder = runtime.settings.group(WebSettings).templates.absolute()
        self._development = development
        self._functions = PageFunctions.of(runtime)
        self._helpers = KnownHelpers(runtime)
        self._environments = {
            waits: make_environment(
                self.folder,
                self._functions.functions,
                self._helpers,
                development=development,
                waits=waits,
            )
            for waits in (False, True)
        }
        self._sources = Sources(self._plain)
        self._found: dict[str, PageTemplate] = {}

    @classmethod
    def of(cls, runtime: Runtime) -> "Templates":
        """The templates of an application; there is one of these for each."""
        return one_of(runtime, cls, lambda: cls(runtime))

    def has(self, name: str) -> bool:
        """Whether there is a template of a name."""
        return self._sources.has(name)

    def find(self, name: str, types: Types, *, sent: bool = False) -> "FindTemplate":
        """What gives a template, checked and ready; in development, anew where it has changed.

        Args:
            name: Its name.
            types: The types of what it is rendered with.
            sent: Whether it has a form that is sent to where the page is.

        Raises:
            TemplateFailed: It is not there, cannot be compiled, or names what is not there.
        """
        current = self._load(name, types, sent=sent)
        if not self._development:
            return lambda: current

        def find() -> PageTemplate:
            nonlocal current
            if not current.is_current:
                current = self._load(name, types, sent=sent)
            return current

        return find

    async def render(self, name: str, values: Values, *, block: str | None = None) -> str:
        """Render a template.

        Args:
            name: Its name below the folder of templates.
            values: What it is given.
            block: The one block that is wanted, rather than the whole.

        Raises:
            TemplateFailed: It cannot be rendered; it says template, line and why.
        """
        found = self._found.get(name)
        if found is None or (self._development and not found.is_current):
            found = self._found[name] = self._load(name, None)
        return await found.render(values, block)

    def check_problem_pages(self) -> None:
        """Check the application's own templates for the pages of problems.

        Raises:
            TemplateFailed: One of them cannot be compiled, or names what is not there.
        """
        types = {
            "problem": Problem,
            "page": PageInfo,
            "authorization": Authorization | None,
        }
        for name in self._sources.names:
            if _OF_PROBLEMS.fullmatch(name):
                self.find(name, types)

    @property
    def _plain(self) -> Environment:
        return self._environments[False]

    def _load(self, name: str, types: Types | None, *, sent: bool = False) -> PageTemplate:
        graph = read_graph(self._sources, name)
        if sent:
            check_forms(graph)
        if types is not None:
            check_graph(graph, self._plain, Surroundings(types, self._functions.checks))
        helpers = self._helpers
        waits = may_wait(graph, self._plain, types or {}) or helpers.may_wait_in(graph)
        environment = self._environments[waits]
        try:
            template = environment.get_template(name)
            return PageTemplate(
                graph,
                template,
                waits=waits,
                sees_all=graph.is_open or helpers.see_all_in(graph),
                globals_=environment.globals,
            )
        except TemplateError as error:
            raise TemplateFailed(name, graph.root.file, str(error)) from error


FindTemplate = Callable[[], PageTemplate]
