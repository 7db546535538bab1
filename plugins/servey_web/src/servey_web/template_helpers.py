"""What an application's own code has for templates: filters, tests and globals of Jinja's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TemplateHelpers:
    """Filters, tests and globals for every template, each by its name there.

    They are functions as Jinja has them, decorators such as `pass_context` and all. Those that are
    coroutine functions are awaited. What they give is escaped, unless it is `Markup`.

    Attributes:
        filters: Such as `euros` in `{{ model.price | euros }}`.
        tests: Such as `shy` in `{% if model is shy %}`.
        globals: Functions and other values, such as `today` in `{{ today() }}`.

    Raises:
        TypeError: A filter or a test cannot be called.
    """

    filters: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    tests: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    globals: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, function in (*self.filters.items(), *self.tests.items()):
            if not callable(function):
                raise TypeError(f"the helper {name!r} is {function!r}, which cannot be called")
