"""One template, checked and compiled, and the ways to render it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from jinja2 import Template, nodes
from jinja2.runtime import Context

from servey_core import ProblemError
from servey_web.pages.failures import failure_of
from servey_web.pages.form_texts import password_inputs
from servey_web.pages.functions import PERSONAL
from servey_web.pages.graphs import Graph
from servey_web.pages.sources import Source

Values = dict[str, Any]

_HTMX = "htmx"


class PageTemplate:
    """One template, ready to be rendered.

    Args:
        graph: The template and those that it is made of.
        template: The template, compiled.
        waits: Whether it may have to wait for what it calls or goes through.
        sees_all: Whether it may look up names that only its run tells.
        globals_: What every template may call.

    Attributes:
        name: Its name.
        uses: The names that it looks up; what it does not look up, it need not be given.
        is_personal: Whether it may give each caller another page.
        blocks: The names of its blocks.
        waits: Whether `render` is the only way, for it may have to wait.
        passwords: The names of its inputs for passwords.
        asks_htmx: Whether it may give requests by htmx another page.
    """

    def __init__(
        self,
        graph: Graph,
        template: Template,
        *,
        waits: bool,
        sees_all: bool,
        globals_: Mapping[str, Any],
    ) -> None:
        self.name = graph.root.name
        self.blocks = graph.blocks
        self.waits = waits
        self._sees_all = sees_all
        self.asks_htmx = sees_all or any(map(_names_htmx, graph.sources.values()))
        self.uses = graph.uses
        self.passwords = frozenset[str]().union(
            *(password_inputs(source.text) for source in graph.sources.values())
        )
        self.is_personal = sees_all or not PERSONAL.isdisjoint(self.uses)
        self._environment = template.environment
        self._root: Any = template.root_render_func
        self._blocks = template.blocks
        self._globals = dict(globals_)
        names = graph.sources
        self._others = [self._environment.get_template(name) for name in names]

    @property
    def is_current(self) -> bool:
        """Whether no file has changed of those that it is made of."""
        return all(one.is_up_to_date for one in self._others)

    def needs(self, name: str) -> bool:
        """Whether it may look up a name."""
        return self._sees_all or name in self.uses

    def render_now(self, values: Values) -> str:
        """Render it, where it never waits.

        Args:
            values: What it is given.

        Raises:
            TemplateFailed: It cannot be rendered.
            ProblemError: What it calls raised one.
        """
        try:
            return "".join(self._root(self._context(values)))
        except ProblemError:
            raise
        except Exception as error:
            raise failure_of(error, self.name) from error

    async def render(self, values: Values, block: str | None = None) -> str:
        """Render it.

        Args:
            values: What it is given.
            block: The one block that is wanted, rather than the whole.

        Raises:
            TemplateFailed: It cannot be rendered.
            ProblemError: What it calls raised one.
        """
        context = self._context(values)
        try:
            if block is not None:
                return await self._render_block(context, block)
            if not self.waits:
                return "".join(self._root(context))
            return "".join([part async for part in self._root(context)])
        except ProblemError:
            raise
        except Exception as error:
            raise failure_of(error, self.name) from error

    async def _render_block(self, context: Context, block: str) -> str:
        """Render the template up to the end of a block, and keep that block's part alone."""
        kept: list[str] = []
        capture = _async_capture(block, kept) if self.waits else _capture(block, kept)
        context.blocks.setdefault(block, []).insert(0, capture)
        try:
            if self.waits:
                async for _ in self._root(context):
                    pass
            else:
                for _ in self._root(context):
                    pass
        except _BlockDone:
            pass
        return "".join(kept)

    def _context(self, values: Values) -> Context:
        parent = {**self._globals, **values}
        return Context(self._environment, parent, self.name, self._blocks)


def _names_htmx(source: Source) -> bool:
    """Whether a template has the name by which a page tells who asks, anywhere."""
    return any(one.attr == _HTMX for one in source.all(nodes.Getattr)) or any(
        one.value == _HTMX for one in source.all(nodes.Const)
    )


class _BlockDone(Exception):  # noqa: N818 - it is no error
    """The block that was wanted is rendered, and nothing else is."""


def _capture(block: str, kept: list[str]) -> Any:
    def capture(context: Context) -> Any:
        kept.extend(context.blocks[block][1](context))
        raise _BlockDone
        yield ""

    return capture


def _async_capture(block: str, kept: list[str]) -> Any:
    async def capture(context: Context) -> AsyncIterator[str]:
        parts: Any = context.blocks[block][1](context)
        kept.extend([part async for part in parts])
        raise _BlockDone
        yield ""

    return capture
