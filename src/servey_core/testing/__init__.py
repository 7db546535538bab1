"""Examples become tests: for pytest without a line of code, for unittest by `define_test_class`.

A plugin that brings a surface may run the examples of any application through it:
`ExampleRunner(runtime)` runs each of `cases_of(runtime)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servey_core.testing.cases import Case, cases_of
    from servey_core.testing.checking import ExampleFailed, check
    from servey_core.testing.running import ExampleRunner
    from servey_core.testing.surface import FUNCTION, function_surface
    from servey_core.testing.unittest_class import define_test_class

_MODULES = {
    "FUNCTION": "surface",
    "Case": "cases",
    "ExampleFailed": "checking",
    "ExampleRunner": "running",
    "cases_of": "cases",
    "check": "checking",
    "define_test_class": "unittest_class",
    "function_surface": "surface",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: pytest imports this package in every project."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


__all__ = [
    "FUNCTION",
    "Case",
    "ExampleFailed",
    "ExampleRunner",
    "cases_of",
    "check",
    "define_test_class",
    "function_surface",
]
