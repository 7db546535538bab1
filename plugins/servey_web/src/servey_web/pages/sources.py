"""Templates as they are written: read and parsed once, and what is looked for in them."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from servey_core.naming import did_you_mean
from servey_web.pages.bytecode import FOLDER
from servey_web.pages.failures import TemplateFailed

NodeT = TypeVar("NodeT", bound=nodes.Node)
IsCurrent = Callable[[], bool]

_ASKING_TESTS = frozenset(("defined", "undefined"))
_ASKING_FILTERS = frozenset(("default", "d"))


@dataclass(frozen=True, eq=False)
class Source:
    """One template as it is written.

    Attributes:
        name: Its name below the folder of templates.
        file: Its file.
        text: What is in it.
        tree: The same, parsed.
    """

    name: str
    file: str
    text: str
    tree: nodes.Template

    def fault(self, line: int, reason: str) -> TemplateFailed:
        """The error for what is wrong in a line of it."""
        return TemplateFailed(self.name, f"{self.file}:{line}", reason)

    def all(self, kind: type[NodeT]) -> list[NodeT]:
        """All nodes of a kind."""
        return self._by_kind[kind]

    @cached_property
    def undeclared(self) -> frozenset[str]:
        """The names that it looks up in what it is rendered with, but for functions.

        Raises:
            TemplateAssertionError: It cannot be compiled.
        """
        return frozenset(find_undeclared_variables(self.tree))

    @cached_property
    def looked_up(self) -> frozenset[str]:
        """All names that it looks up."""
        return frozenset(one.name for one in self.all(nodes.Name) if one.ctx == "load")

    @cached_property
    def macros(self) -> frozenset[str]:
        """The names of macros that it has or imports, and of what it imports them in."""
        names = {macro.name for macro in self.all(nodes.Macro)}
        names |= {one.target for one in self.all(nodes.Import)}
        named = [name for one in self.all(nodes.FromImport) for name in one.names]
        return frozenset({*names, *(one if isinstance(one, str) else one[1] for one in named)})

    @cached_property
    def stored(self) -> frozenset[str]:
        """The names that it gives values itself."""
        stored = {one.name for one in self.all(nodes.Name) if one.ctx != "load"}
        return self.macros | stored

    @cached_property
    def asked(self) -> list[nodes.Node]:
        """The expressions that it looks for without counting on them."""
        tests = [one for one in self.all(nodes.Test) if one.name in _ASKING_TESTS]
        filters = [one for one in self.all(nodes.Filter) if one.name in _ASKING_FILTERS]
        return [one.node for one in (*tests, *filters) if one.node is not None]

    @cached_property
    def _by_kind(self) -> dict[type[nodes.Node], list[Any]]:
        found: dict[type[nodes.Node], list[Any]] = defaultdict(list)
        for node in self.tree.find_all(nodes.Node):
            found[type(node)].append(node)
        return found


class Sources:
    """Reads templates; one that has not changed is read once.

    Args:
        environment: Finds and parses them.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._known: dict[str, tuple[Source, IsCurrent]] = {}

    def read(self, name: str) -> Source:
        """Read one template.

        Raises:
            TemplateFailed: It cannot be parsed.
            TemplateNotFound: It is not there.
        """
        known = self._known.get(name)
        if known is not None and known[1]():
            return known[0]
        assert self._environment.loader is not None  # noqa: S101 - ours have one
        try:
            text, file, is_current = self._environment.loader.get_source(self._environment, name)
        except UnicodeDecodeError as error:
            raise TemplateFailed(name, "", f"it is not UTF-8: {error}.") from None
        try:
            tree = self._environment.parse(text, name, file)
        except TemplateSyntaxError as error:
            raise TemplateFailed(name, f"{file}:{error.lineno}", str(error.message)) from None
        source = Source(name, file or name, text, tree)
        if is_current is not None:
            self._known[name] = source, is_current
        return source

    def has(self, name: str) -> bool:
        """Whether there is a template of a name."""
        try:
            self.read(name)
        except TemplateNotFound:
            return False
        except TemplateFailed:
            pass  # it is there, at least
        return True

    @property
    def names(self) -> list[str]:
        """The names of all templates; what is compiled of them lies in the same folders."""
        found = self._environment.list_templates()
        return [name for name in found if FOLDER not in name.split("/")]

    def hint(self, name: str) -> str:
        """What a name that no template has may be meant for."""
        return did_you_mean(name, self.names)
