"""The filters, tests and globals that an application's own code has for its templates."""

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, nodes, pass_context
from jinja2.runtime import Context

from servey_core import ConfigurationError, Runtime
from servey_web.pages.graphs import Graph
from servey_web.pages.kinds import may_wait
from servey_web.pages.members import Method
from servey_web.pages.waiting import is_coroutine
from servey_web.template_helpers import TemplateHelpers

if TYPE_CHECKING:
    from servey_core.plugins import Plugin

HOOK = "servey_template_helpers"

_KINDS = ("filters", "tests", "globals")
_GIVEN = frozenset(("authorization", "form", "login", "model", "page", "problem"))
"""Names of what templates are rendered with, which would hide a global."""


class KnownHelpers:
    """The helpers of an application: those that the hook `servey_template_helpers` gives.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._given = runtime.plugins.collect(HOOK, TemplateHelpers, runtime=runtime)
        records = [one.record for one in self._given]
        self._called = [
            named for one in records for named in (*one.filters.items(), *one.tests.items())
        ]
        self._globals = [named for one in records for named in one.globals.items()]

    @property
    def names(self) -> list[str]:
        """The names of filters and tests, which what is compiled depends on."""
        return sorted(name for name, _ in self._called)

    def add_to(self, environment: Environment) -> None:
        """Have an environment know them.

        Raises:
            ConfigurationError: Two of them have one name.
            PluginError: One has a name of Jinja's or Servey's.
        """
        owners: dict[tuple[str, str], Plugin] = {}
        for given in self._given:
            for kind in _KINDS:
                known = getattr(environment, kind)
                for name, helper in getattr(given.record, kind).items():
                    claim = f"the {kind.removesuffix('s')} {name!r}"
                    if (other := owners.get((kind, name))) is not None:
                        raise ConfigurationError(
                            f"Templates are given {claim} twice: by the plugins {other.name!r} and "
                            f"{given.plugin.name!r}."
                        )
                    if name in known or (kind == "globals" and name in _GIVEN):
                        raise given.plugin.broke(
                            f"its {HOOK} gives {claim}, but templates have one of that name."
                        )
                    owners[kind, name] = given.plugin
                    known[name] = helper if kind == "globals" else _late(helper)

    def may_wait_in(self, graph: Graph) -> bool:
        """Whether a template may have to wait for what one of them gives."""
        return any(map(_may_wait, self._used_in(graph)))

    def see_all_in(self, graph: Graph) -> bool:
        """Whether one of them may look at whatever a template is rendered with."""
        return any(_passed(one) == "context" for one in self._used_in(graph))

    def _used_in(self, graph: Graph) -> Iterator[Callable[..., Any]]:
        """Those that a template may call; some by texts, as in `map("euros")`."""
        names = set(graph.uses)
        for source in graph.sources.values():
            names.update(one.name for one in (*source.all(nodes.Filter), *source.all(nodes.Test)))
            names.update(one.value for one in source.all(nodes.Const) if type(one.value) is str)
        found = (*self._called, *self._globals)
        return (helper for name, helper in found if name in names and callable(helper))


def _late(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter or a test as it is called when a template is rendered, and never before.

    With constants, Jinja would call it once as it compiles, and what is compiled is kept for long.
    It does not where the context is passed; nor does what is compiled then depend on what else the
    function wants to be passed.
    """
    passed = _passed(function)

    @pass_context
    @wraps(function, updated=())
    def called(context: Context, *arguments: Any, **named: Any) -> Any:
        if passed is None:
            return function(*arguments, **named)
        return function(_PASSED[passed](context), *arguments, **named)

    return called


_PASSED: dict[str, Callable[[Context], Any]] = {
    "context": lambda context: context,
    "eval_context": lambda context: context.eval_ctx,
    "environment": lambda context: context.environment,
}
"""What Jinja's decorators have functions be passed."""


def _passed(function: Callable[..., Any]) -> str | None:
    found = getattr(function, "jinja_pass_arg", None)
    return None if found is None else str(found.name)


def _may_wait(function: Callable[..., Any]) -> bool:
    """Whether what a function gives may have to be waited for."""
    if isinstance(function, type):
        return may_wait(function)
    inner = unwrap(function)
    return is_coroutine(function) or is_coroutine(inner) or may_wait(Method(inner).result)
