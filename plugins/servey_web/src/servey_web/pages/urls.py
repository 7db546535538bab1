"""The paths of actions, with their parameters: what `url_for` gives."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from servey_core import (
    Action,
    ConfigurationError,
    Runtime,
    Signature,
    WebPageTrigger,
    WebTrigger,
)
from servey_core.errors import UnknownNameError
from servey_core.naming import did_you_mean
from servey_web.arguments.paths import path_parameters
from servey_web.arguments.sending import request_of

Trigger = WebPageTrigger | WebTrigger


class Urls:
    """The paths of an application's actions.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._makers: dict[str, _Maker] = {}
        for action in runtime.actions.values():
            if (trigger := _trigger_of(action)) is not None:
                signature = runtime.invoker(action.name).signature
                self._makers[action.name] = _Maker(trigger, action, signature)

    def path(self, name: str, params: Mapping[str, Any]) -> str:
        """The path of an action, and its query.

        Args:
            name: The action's name.
            params: What stands in the path and the query; None for what is left out.

        Raises:
            ConfigurationError: There is no such action, or it has other parameters.
        """
        return self._maker(name).path(params)

    def check(self, name: str, given: set[str]) -> None:
        """Check that an action can be called with some parameters.

        Raises:
            ConfigurationError: There is no such action, or it has other parameters.
        """
        self._maker(name).check(given)

    def _maker(self, name: str) -> "_Maker":
        maker = self._makers.get(name)
        if maker is None:
            raise UnknownNameError("action with a path", name, self._makers)
        return maker


class _Maker:
    """Makes the paths of one action."""

    def __init__(self, trigger: Trigger, action: Action, signature: Signature) -> None:
        self._name = action.name
        self._method = trigger.method
        self._path = trigger.path_for(action)
        self._in_path = path_parameters(self._path)
        self._signature = signature
        self._quick = _quick_path(self._path, self._in_path)

    def path(self, params: Mapping[str, Any]) -> str:
        """The path with parameters."""
        quick = self._quick(params)
        if quick is not None:
            return quick
        self.check({*params})
        given = {name: one for name, one in params.items() if one is not None}
        texts = json.loads(self._signature.arguments_to_json(given))
        return request_of("GET", self._path, self._signature, texts).target

    def check(self, given: set[str]) -> None:
        """Check the names of parameters."""
        for name in sorted(given - self._signature.parameters.keys()):
            hint = did_you_mean(name, self._signature.parameters)
            raise ConfigurationError(f"the action {self._name!r} has no parameter {name!r}. {hint}")
        for name in self._in_path:
            if name not in given:
                raise ConfigurationError(
                    f"the path {self._path!r} of the action {self._name!r} needs {name!r}."
                )


def _trigger_of(action: Action) -> Trigger | None:
    """The trigger by whose path an action is linked to: pages first, then what only reads."""
    found = [one for one in action.triggers if isinstance(one, WebPageTrigger | WebTrigger)]
    pages_first = sorted(found, key=lambda one: (isinstance(one, WebTrigger), not one.safe))
    return next(iter(pages_first), None)


def _quick_path(path: str, in_path: tuple[str, ...]) -> Callable[[Mapping[str, Any]], str | None]:
    """What makes paths of texts and numbers alone; it gives None for any others."""
    parts = path.replace("%", "%%")
    for name in in_path:
        parts = parts.replace(f"{{{name}}}", "%s")

    def make(params: Mapping[str, Any]) -> str | None:
        if len(params) != len(in_path):
            return None
        texts = []
        for name in in_path:
            given = params.get(name)
            if type(given) is not int and type(given) is not str:
                return None
            texts.append(quote(str(given), safe=""))
        return parts % tuple(texts)

    return make
