"""Examples as methods of a `unittest.TestCase`."""

import re
import sys
import unittest
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, ClassVar

from servey_core.runtime import start
from servey_core.testing.cases import AnyCase, cases_of
from servey_core.testing.failing import ExampleFailed
from servey_core.testing.running import WITHOUT_TRACES, ExampleRunner

if TYPE_CHECKING:
    from servey_core.runtime import Runtime

__unittest = True  # unittest leaves frames of such modules out of its tracebacks


class ExampleTestCase(unittest.TestCase):
    """The base of the classes that `define_test_class` makes."""

    runtime: ClassVar["Runtime"]
    runner: ClassVar[ExampleRunner]

    @classmethod
    def setUpClass(cls) -> None:
        """Make ready what runs the cases."""
        super().setUpClass()
        cls.runner = ExampleRunner(cls.runtime)
        cls.addClassCleanup(cls.runner.close)


def define_test_class(
    path: str | None = None, *, surfaces: Collection[str] = ()
) -> type[unittest.TestCase]:
    """Make a test class with a method for each example and surface.

    Assign it in a test module, or subclass it to add a `setUp`:

        TestActions = define_test_class()

    Args:
        path: Where the actions are; None for what the settings say.
        surfaces: The only surfaces to test on, by name; empty for all that are installed.

    Raises:
        ConfigurationError: The application cannot start, or there is no such surface.
        Exception: Whatever importing the application's modules raises, as it is.
    """
    runtime = start(path, given=WITHOUT_TRACES)
    methods: dict[str, object] = {}
    for case in cases_of(runtime, surfaces):
        method = _method(case)
        while method.__name__ in methods:  # two names that differ in punctuation alone
            method.__name__ += "_"
        methods[method.__name__] = method
    module = sys._getframe(1).f_globals.get("__name__")  # noqa: SLF001 - as `namedtuple` does
    return type("TestActions", (ExampleTestCase,), {**methods, **_about(runtime, module)})


def _about(runtime: "Runtime", module: str | None) -> dict[str, object]:
    return {
        "runtime": runtime,
        "__module__": module,
        "__doc__": "The examples of an application.",
    }


def _method(case: AnyCase) -> Callable[[ExampleTestCase], None]:
    def test(self: ExampleTestCase) -> None:
        try:
            self.runner.run(case)
        except ExampleFailed as error:
            raise self.failureException(str(error)) from None

    parts = (case.subject, case.example.name, case.surface.name)
    test.__name__ = "test_" + "__".join(re.sub(r"\W+", "_", part) for part in parts)
    test.__doc__ = case.example.description or None
    return test
