"""Examples become tests: for pytest without a line of code, for unittest by `define_test_class`.

A plugin that brings a surface may run the examples of any application through it:
`ExampleRunner(runtime)` runs each of `cases_of(runtime)`.
"""

from typing import TYPE_CHECKING

from servey_core.lazy import lazy_names

if TYPE_CHECKING:
    from servey_core.testing.cases import AnyCase, Case, cases_of
    from servey_core.testing.checking import check
    from servey_core.testing.event_cases import EventCase
    from servey_core.testing.event_checking import check_event
    from servey_core.testing.event_surface import EVENT, event_surface
    from servey_core.testing.failing import ExampleFailed
    from servey_core.testing.running import ExampleRunner
    from servey_core.testing.surface import FUNCTION, function_surface
    from servey_core.testing.unittest_class import define_test_class

_HOMES = {
    "cases": ("AnyCase", "Case", "cases_of"),
    "checking": ("check",),
    "event_cases": ("EventCase",),
    "event_checking": ("check_event",),
    "event_surface": ("EVENT", "event_surface"),
    "failing": ("ExampleFailed",),
    "running": ("ExampleRunner",),
    "surface": ("FUNCTION", "function_surface"),
    "unittest_class": ("define_test_class",),
}

if not TYPE_CHECKING:  # pytest imports this package in every project
    __getattr__ = lazy_names(__name__, _HOMES)

__all__ = [
    "EVENT",
    "FUNCTION",
    "AnyCase",
    "Case",
    "EventCase",
    "ExampleFailed",
    "ExampleRunner",
    "cases_of",
    "check",
    "check_event",
    "define_test_class",
    "event_surface",
    "function_surface",
]
