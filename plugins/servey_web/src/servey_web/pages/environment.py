"""How templates are found and compiled."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, Undefined
from pydantic_core import to_jsonable_python

from servey_web.pages.bytecode import CompiledTemplates
from servey_web.pages.helpers import KnownHelpers
from servey_web.pages.quick_environment import QuickEnvironment

OWN_FOLDER = Path(__file__).parent / "templates"
"""The templates of the package, which an application's own of the same names replace."""


def make_environment(
    folder: Path,
    functions: Mapping[str, Callable[..., Any]],
    helpers: KnownHelpers,
    *,
    development: bool,
    waits: bool,
) -> Environment:
    """An environment that escapes what every template is given.

    Args:
        folder: The application's templates.
        functions: What templates may call, by name.
        helpers: What the application's own code has for templates.
        development: Whether changed templates are loaded anew, and a name that is not there is an
            error rather than an empty text.
        waits: Whether templates may wait for what they call and go through.
    """
    folders = (folder, OWN_FOLDER)
    environment = QuickEnvironment(
        loader=ChoiceLoader([FileSystemLoader(one) for one in folders]),
        autoescape=True,
        enable_async=waits,
        undefined=StrictUndefined if development else Undefined,
        auto_reload=development,
        cache_size=-1,
        bytecode_cache=CompiledTemplates(*folders, options=f"waits={waits} {helpers.names}"),
    )
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": to_jsonable_python}
    environment.globals.update(functions)
    helpers.add_to(environment)
    return environment
