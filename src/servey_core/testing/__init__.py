"""Examples become tests: for pytest without a line of code, for unittest by `define_test_class`.

A plugin that brings a surface may run the examples of any application through it:
`ExampleRunner(runtime)` runs each of `cases(runtime)`.
"""

from servey_core.testing.cases import Case, cases
from servey_core.testing.checking import ExampleFailed, check
from servey_core.testing.running import ExampleRunner
from servey_core.testing.surface import FUNCTION, function_surface
from servey_core.testing.unittest_class import define_test_class

__all__ = [
    "FUNCTION",
    "Case",
    "ExampleFailed",
    "ExampleRunner",
    "cases",
    "check",
    "define_test_class",
    "function_surface",
]
