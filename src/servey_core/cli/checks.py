"""What `servey doctor` looks at: small checks, each of which says what it found and what to do."""

import importlib.util
import platform
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from servey_core.cli.plugins import cause_of
from servey_core.errors import ConfigurationError
from servey_core.plugins import Plugins
from servey_core.runtime import Runtime
from servey_core.safety import warnings_about
from servey_core.settings import CoreSettings, Settings


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        level: How bad it is.
        subject: What was looked at.
        detail: What it is like, and what to do where it is not well.
    """

    level: Level
    subject: str
    detail: str


def check_settings(settings: Settings, plugins: Plugins) -> Iterator[Finding]:
    """What can be said before the application starts."""
    core = settings.core
    yield Finding(Level.OK, "python", platform.python_version())
    yield from _check_plugins(plugins)
    for unknown in settings.unknown():
        yield Finding(Level.WARN, "settings", unknown)
    if not core.strict:
        detail = "Broken plugins are passed over (strict is off); unset SERVEY_STRICT."
        yield Finding(Level.WARN, "settings", detail)
    yield Finding(Level.OK, "environment", f"{core.environment}, on {core.host}.")
    yield from (Finding(Level.WARN, "safety", warning) for warning in warnings_about(settings))
    yield _check_port(core)
    yield _check_reload()


def check_runtime(runtime: Runtime) -> Iterator[Finding]:
    """What can be said of an application that has started."""
    yield _check_actions(runtime)
    yield _check_authorizer(runtime)
    yield _check_state(runtime)
    try:
        services = [one.record for one in runtime.services().values()]
    except ConfigurationError as error:
        yield _failed("services", error)
        return
    yield _check_services(service.name for service in services)
    try:
        runtime.require_served(services)
    except ConfigurationError as error:
        yield from (Finding(Level.FAIL, "triggers", line) for line in str(error).splitlines())
    else:
        yield Finding(Level.OK, "triggers", f"Every one of {len(runtime.bindings)} is served.")


def _check_plugins(plugins: Plugins) -> Iterator[Finding]:
    for plugin in plugins.all:
        subject = f"plugin {plugin.name}"
        if plugin.error:
            cure = f"Mend it, or leave it out: SERVEY_PLUGINS_DENY={plugin.name}"
            yield Finding(Level.FAIL, subject, f"{cause_of(plugin)}. {cure}".replace("..", "."))
        elif plugin.denied:
            yield Finding(Level.OK, subject, "It is denied by the settings.")
        elif not plugin.hooks:
            detail = "It implements no hook: is `@hookimpl` missing?"
            yield Finding(Level.WARN, subject, detail)
        else:
            yield Finding(Level.OK, subject, f"{plugin.distribution} {plugin.version}".strip())


def _check_port(core: CoreSettings) -> Finding:
    try:
        address = socket.getaddrinfo(core.host.strip("[]"), core.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except OSError as error:
        detail = f"{core.host}:{core.port} cannot be listened on: {error.strerror}. "
        return Finding(Level.WARN, "port", f"{detail}Choose another: SERVEY_PORT.")
    return Finding(Level.OK, "port", f"{core.port} is free.")


def _check_reload() -> Finding:
    if importlib.util.find_spec("watchfiles"):
        return Finding(Level.OK, "reload", "watchfiles is installed.")
    detail = "`servey serve --reload` needs watchfiles: pip install 'servey-core[reload]'"
    return Finding(Level.WARN, "reload", detail)


def _check_actions(runtime: Runtime) -> Finding:
    if runtime.actions:
        return Finding(Level.OK, "actions", f"{len(runtime.actions)} found.")
    return Finding(Level.WARN, "actions", "None found: decorate a function with @action.")


def _check_authorizer(runtime: Runtime) -> Finding:
    try:
        authorizer = runtime.authorizer
    except ConfigurationError as error:
        return _failed("authorizer", error)
    return Finding(Level.OK, "authorizer", type(authorizer).__name__)


def _check_state(runtime: Runtime) -> Finding:
    try:
        _ = runtime.state
    except ConfigurationError as error:
        return _failed("state", error)
    return Finding(Level.OK, "state", str(runtime.settings.core.state))


def _check_services(names: Iterable[str]) -> Finding:
    if known := ", ".join(names):
        return Finding(Level.OK, "services", known)
    detail = "There is nothing for `servey serve` to run: pip install servey-web servey-rest"
    return Finding(Level.WARN, "services", detail)


def _failed(subject: str, error: ConfigurationError) -> Finding:
    return Finding(Level.FAIL, subject, str(error))
