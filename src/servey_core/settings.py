"""Every setting: its value, where it came from, and what it may be.

A setting `port` is read, first found first taken, from the command line, the environment
(`SERVEY_PORT`, or an older name of it), `[tool.servey]` in the `pyproject.toml` of the working
folder, and its default. A plugin adds a `SettingsGroup` of its own by the hook `servey_settings`.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from servey_core.errors import ConfigurationError, SettingsError
from servey_core.naming import did_you_mean
from servey_core.pyproject import pyproject_table
from servey_core.redaction import REDACTED, redacted_text
from servey_core.sources import COMMAND_LINE, Sources

PREFIX = "SERVEY_"
GENERATED = "generated at this start"

Environment = Literal["development", "production"]


def _split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [word.strip() for word in value.split(",") if word.strip()]


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
"""Several words in one setting, with commas between them."""


def setting(default: Any, description: str, *, env: Sequence[str] = (), **limits: Any) -> Any:
    """Declare one setting of a `SettingsGroup`.

    Args:
        default: Its value where nothing else is given.
        description: What it does, for `servey config` and the reference.
        env: The environment variables to read it from, where there are older names of it: the
            first is the present one, `SERVEY_<NAME>`.
        **limits: Limits that `pydantic.Field` knows: `ge`, `le`, `min_length`, ...
    """
    alias = AliasChoices(*env) if env else None
    return Field(default, description=description, validation_alias=alias, **limits)


class SecretUrl(SecretStr):
    """A URL that may hold a password; it is shown without it."""

    def _display(self) -> str:
        return redacted_text(_CREDENTIALS.sub(f"://{REDACTED}@", self.get_secret_value()))


_CREDENTIALS = re.compile(r"://.*@", re.DOTALL)
"""What stands before a URL's host, also where a password in it is not encoded."""


class SettingsWarning(UserWarning):
    """A setting is given that nobody reads."""


class SettingsGroup(BaseSettings):
    """Some settings that belong together: the core's, or one plugin's. Frozen.

    Declare each with `setting()`; the environment variable of `port` is `SERVEY_PORT`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    @classmethod
    def variables(cls, name: str) -> tuple[str, ...]:
        """The environment variables that the setting `name` is read from, the newest first."""
        alias = cls.model_fields[name].validation_alias
        if isinstance(alias, AliasChoices):
            return tuple(str(choice) for choice in alias.choices)
        return (PREFIX + name.upper(),)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what is given, and then the environment; `Settings.load` reads more than that."""
        return init_settings, env_settings

    def generated(self, environment: Environment) -> Mapping[str, object]:  # noqa: ARG002
        """Values to make up for settings that are not given, such as a random key."""
        return {}


class CoreSettings(SettingsGroup):
    """The settings that the core itself reads."""

    env: Environment | None = setting(
        None,
        "development or production. Development makes up keys, shows documents and the reasons of "
        "failures. Left out, it is development where `host` is a loopback address.",
    )
    host: str = setting("127.0.0.1", "The address that network services listen on.")
    port: int = setting(
        8000, "The port of the web host.", env=("SERVEY_PORT", "SERVER_PORT"), ge=0, le=65535
    )
    action_path: str | None = setting(
        None, "The module or package that holds the actions. Left out, `actions`."
    )
    plugins: Words = setting((), "The only plugins to load, by name. Left out, all installed ones.")
    plugins_deny: Words = setting((), "Plugins not to load, by name.")
    plugin_modules: Words = setting(
        (), "Modules of the application that implement hooks themselves, with no distribution."
    )
    strict: bool = setting(True, "Whether a broken plugin stops the application from starting.")
    threads: int = setting(32, "How many synchronous actions run at once.", ge=1, le=1024)
    thread_backlog: int = setting(
        1024, "How many calls may wait for a thread before more are refused (503).", ge=0
    )
    rate_limits: bool = setting(
        True, "Whether the rate limits of actions are in force; tests of examples go without."
    )
    grace_seconds: float = setting(
        10.0, "How long a stop waits for what is under way, in seconds.", ge=0
    )
    loop: Literal["auto", "asyncio", "uvloop"] = setting(
        "auto", "The event loop; auto is uvloop where that is installed, and asyncio elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "From which level on the log is written."
    )
    log_format: Literal["auto", "console", "json"] = setting(
        "auto", "How the log is written; auto is console on a terminal and json elsewhere."
    )
    state: SecretUrl = setting(
        SecretUrl("sqlite:///servey.db"),
        "Where what outlives a call is kept: `sqlite:///FILE` for one machine, `redis://…` for "
        "several, `memory:` for one process, as long as it runs.",
    )
    task_queue: str | None = setting(
        None,
        "Where background work goes, by name. Left out, it is the one of an installed plugin "
        "(`dramatiq`, of servey-sched), and else `in-process`, which forgets it at the end.",
    )
    task_backlog: int = setting(
        10_000,
        "How many jobs wait in the queue `in-process` before more are refused (503), and how many "
        "results it keeps.",
        ge=0,
    )
    authorizer: str = setting("jwt", "What reads tokens, by name.")
    jwt_secret_key: SecretStr | None = setting(
        None,
        "The secret that tokens are signed with: at least 32 bytes (48 for HS384, 64 for HS512).",
        env=("SERVEY_JWT_SECRET_KEY", "JWT_SECRET_KEY"),
    )
    jwt_keys: str | None = setting(
        None, "A file of keys instead of a secret: a JWK Set (RFC 7517) or one key in PEM form."
    )
    jwt_algorithm: str = setting("HS256", "The one algorithm that tokens are signed with.")
    jwt_issuer: str | None = setting(None, "The `iss` that tokens must have.")
    jwt_audience: str | None = setting(None, "The `aud` that tokens must have.")
    jwt_require_expiry: bool = setting(True, "Whether tokens must have an `exp`.")

    @property
    def environment(self) -> Environment:
        """Development or production, decided."""
        return self.env or ("development" if self.on_loopback else "production")

    @property
    def development(self) -> bool:
        """Whether this is a development environment."""
        return self.environment == "development"

    @property
    def on_loopback(self) -> bool:
        """Whether `host` can be reached from this machine alone."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    def generated(self, environment: Environment) -> Mapping[str, object]:
        """A random key, in development, where none is given."""
        if environment == "production" or self.jwt_secret_key or self.jwt_keys:
            return {}
        return {"jwt_secret_key": secrets.token_urlsafe(64)}


GroupT = TypeVar("GroupT", bound=SettingsGroup)


@dataclass(frozen=True, slots=True)
class SettingValue:
    """One setting as it is in force.

    Attributes:
        name: Its name, such as `port`.
        variable: The environment variable that sets it.
        value: Its value; secrets are `SecretStr`, and mask themselves.
        origin: Where the value came from, for a person.
        description: What it does.
    """

    name: str
    variable: str
    value: object
    origin: str
    description: str


@dataclass(frozen=True)
class Settings:
    """All groups of settings, as they are in force."""

    core: CoreSettings
    groups: Mapping[type[SettingsGroup], SettingsGroup]
    origins: Mapping[tuple[type[SettingsGroup], str], str] = field(repr=False)

    @classmethod
    def load(
        cls,
        groups: Iterable[type[SettingsGroup]] = (),
        *,
        given: Mapping[str, object] | None = None,
    ) -> Self:
        """Read every setting of the core and of `groups`.

        Args:
            groups: The plugins' groups.
            given: Values that win over all others, by name: those of the command line.

        Raises:
            SettingsError: A value cannot be used, or two groups declare one name.
        """
        given = {name: value for name, value in (given or {}).items() if value is not None}
        sources = Sources(given)
        loaded: dict[type[SettingsGroup], SettingsGroup] = {}
        origins: dict[tuple[type[SettingsGroup], str], str] = {}
        environment = sources.read(CoreSettings).environment
        every: tuple[type[SettingsGroup], ...] = (CoreSettings, *groups)
        _refuse_shared_names(every)
        for group in every:
            made_up = sources.read(group).generated(environment)
            loaded[group] = sources.read(group, made_up)
            for name in group.model_fields:
                origin = GENERATED if name in made_up else sources.origin(group, name)
                origins[group, name] = origin
        return cls(loaded[CoreSettings], loaded, origins)  # type: ignore[arg-type]

    def group(self, group: type[GroupT]) -> GroupT:
        """The values of one plugin's group.

        Raises:
            ConfigurationError: Its plugin is not loaded.
        """
        try:
            return self.groups[group]  # type: ignore[return-value]
        except KeyError:
            raise ConfigurationError(
                f"The settings {group.__qualname__} were not loaded: is their plugin?"
            ) from None

    def __iter__(self) -> Iterator[SettingValue]:
        for group, values in self.groups.items():
            for name, info in group.model_fields.items():
                yield SettingValue(
                    name,
                    group.variables(name)[0],
                    getattr(values, name),
                    self.origins[group, name],
                    info.description or "",
                )

    def as_environment(self) -> dict[str, str]:
        """The variables that give a child process what only this one knows."""
        return {
            value.variable: _as_text(value.value)
            for value in self
            if value.origin in (GENERATED, COMMAND_LINE) and value.value is not None
        }

    def unknown(self) -> Iterator[str]:
        """Every `SERVEY_` variable and `[tool.servey]` key that nothing reads, and what is near."""
        known = {name for group in self.groups for name in group.model_fields}
        variables = {
            variable
            for group in self.groups
            for name in group.model_fields
            for variable in group.variables(name)
        }
        for variable in sorted(os.environ):
            if variable.startswith(PREFIX) and not (
                variable in variables | INTERNAL_VARIABLES or variable.startswith(TEST_PREFIX)
            ):
                hint = did_you_mean(variable, variables)
                yield f"The environment variable {variable} is not a setting. {hint}".rstrip()
        for key in sorted(pyproject_table()):
            if key not in known:
                yield f"[tool.servey] {key} is not a setting. {did_you_mean(key, known)}".rstrip()


INTERNAL_VARIABLES = {"SERVEY_WORKER"}
"""Variables that Servey gives to its own child processes."""

TEST_PREFIX = "SERVEY_TEST_"
"""Variables that tests read; they are no settings, and no mistakes."""


def _refuse_shared_names(groups: Iterable[type[SettingsGroup]]) -> None:
    owners: dict[str, type[SettingsGroup]] = {}
    for group in groups:
        for name in group.model_fields:
            if other := owners.get(name):
                raise SettingsError(
                    f"The setting {name!r} is declared by both {other.__module__} "
                    f"and {group.__module__}."
                )
            owners[name] = group


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return str(value)
