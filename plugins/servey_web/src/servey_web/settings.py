"""The web host's settings: what it protects itself from, and whom it talks to."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import SecretStr, ValidationInfo, field_validator

from servey_core.settings import CoreSettings, Environment, SettingsGroup, Words, setting

_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_](\.?[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/?#\s]+")
_POLICY = re.compile(r"[ -~]+")
_DRAIN_SECONDS = 2.0


class WebSettings(SettingsGroup):
    """The settings of the web host."""

    max_body_bytes: int = setting(
        1024 * 1024, "The largest request body, in bytes; larger ones are refused (413).", ge=0
    )
    max_header_bytes: int = setting(
        64 * 1024, "The largest header section, in bytes; larger ones are refused (431).", ge=1024
    )
    header_timeout: float = setting(
        10.0, "How long a caller may take to send its headers, in seconds (408).", gt=0
    )
    body_timeout: float = setting(
        20.0, "How long a caller may take to send its body, in seconds (408).", gt=0
    )
    body_min_rate: int = setting(
        1024,
        "A body earns one more second for every so many bytes that arrive; who takes a response "
        "more slowly is hung up on.",
        ge=1,
    )
    keep_alive_seconds: int = setting(
        5, "How long an idle connection is kept; more than the load balancer's own.", ge=0
    )
    max_concurrency: int = setting(
        1000, "How many requests may be under way at once; more are refused (503).", ge=1
    )
    retry_after: int = setting(1, "When a refused caller should come back, in seconds.", ge=0)
    drain_seconds: float | None = setting(
        None,
        "How long a stopping server still accepts connections while /readyz says 503, so that load "
        "balancers turn away first. Left out, 0 in development and 2 in production.",
        ge=0,
    )
    websocket_max_bytes: int = setting(
        1024 * 1024, "The largest websocket message that is read, in bytes.", ge=1024
    )
    websocket_ping_seconds: float = setting(
        20.0,
        "How often a websocket's client is asked whether it is there, and how long it may take to "
        "answer, in seconds.",
        gt=0,
    )
    allowed_hosts: Words = setting(
        (),
        "The names this service goes by in the Host header: `example.com`, `*.example.com` or `*`. "
        "Left out: in development the local ones (and any IP address, where it is not bound to a "
        "loopback one); in production every name.",
    )
    cors_origins: Words = setting(
        (),
        "The origins whose scripts may call: `https://app.example.com`, or `*`. None by default.",
    )
    cors_methods: Words = setting(
        ("GET", "POST", "PUT", "PATCH", "DELETE"), "The methods that other origins may use."
    )
    cors_headers: Words = setting(
        ("Authorization", "Content-Type", "If-None-Match", "X-Request-ID"),
        "The request headers that other origins may send.",
    )
    cors_credentials: bool = setting(
        default=False,
        description="Whether other origins may send cookies; never together with the origin `*`.",
    )
    cors_max_age: int = setting(
        600, "How long a browser may remember what is allowed, in seconds.", ge=0
    )
    access_log: bool = setting(
        default=True, description="Whether each request is logged, to `servey.access`."
    )
    hsts_seconds: int = setting(
        0, "How long browsers must insist on HTTPS (Strict-Transport-Security); 0 for not.", ge=0
    )
    docs: bool | None = setting(
        None, "Whether the documentation pages are served. Left out, in development only."
    )
    debug_authenticator: bool | None = setting(
        None,
        "Whether anybody who knows the password below may have a token with any scopes. Left out, "
        "in development on a loopback address only.",
    )
    debug_authenticator_password: SecretStr | None = setting(
        None, "The password of the debug authenticator. In development one is made up."
    )
    session_seconds: int = setting(
        8 * 60 * 60,
        "For how long a browser stays logged in, in seconds, where the token of its session does "
        "not say.",
        ge=1,
    )
    session_cookie: str = setting(
        "servey_session",
        "The name of the cookie that holds a session; over HTTPS, `__Host-` stands before it. "
        "Services of one host need different ones.",
        pattern=r"^[A-Za-z0-9_-]+$",
    )
    content_security_policy: str = setting(
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'",
        "What the pages of actions may load and do (Content-Security-Policy).",
    )
    forwarded_allow_ips: Words = setting(
        ("127.0.0.1", "::1"),
        "The addresses or networks of proxies whose X-Forwarded-For and -Proto are believed.",
    )
    templates: Path = setting(Path("templates"), "The folder of the templates of pages.")
    static_site: Path | None = setting(
        None,
        "The folder whose files are served at `/`, behind everything else. Left out, `static_site` "
        "in the working folder, where it is there.",
    )
    static_site_fallback: str | None = setting(
        None,
        "The file that browsers are shown at paths that nothing is at, such as `index.html` of an "
        "application that has its routes in the browser.",
    )
    static_site_immutable: Words = setting(
        (),
        "Patterns of the files that never change, whose names a bundler has made of their content, "
        "such as `assets/*`: browsers keep them for good.",
    )
    root_path: str = setting("", "The path that a proxy strips before it forwards: `/api`.")

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return _each(hosts, _HOST, "a host name without scheme and port, such as example.com")

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return _each(origins, _ORIGIN, "an origin without a path, such as https://app.example.com")

    @field_validator("cors_credentials")
    @classmethod
    def _check_credentials(cls, credentials: bool, info: ValidationInfo) -> bool:  # noqa: FBT001
        if credentials and "*" in info.data.get("cors_origins", ()):
            raise ValueError("credentials cannot be allowed to every origin: name them")
        return credentials

    @field_validator("content_security_policy")
    @classmethod
    def _check_policy(cls, policy: str) -> str:
        if not _POLICY.fullmatch(policy):
            raise ValueError("it must be directives with semicolons between them, in ASCII")
        return policy

    @field_validator("root_path")
    @classmethod
    def _check_root_path(cls, path: str) -> str:
        if path and (not path.startswith("/") or path.endswith("/")):
            raise ValueError("it must begin with a slash, and not end with one")
        return path

    def generated(self, environment: Environment) -> Mapping[str, object]:
        """A random password for the debug authenticator, in development."""
        wanted = environment == "development" and self.debug_authenticator is not False
        if not wanted or self.debug_authenticator_password is not None:
            return {}
        return {"debug_authenticator_password": secrets.token_urlsafe(16)}

    def decided(self, core: CoreSettings) -> Self:
        """The same settings, with what was left to the environment decided."""
        local = core.development and core.on_loopback
        drain = min(0.0 if core.development else _DRAIN_SECONDS, core.grace_seconds)
        choices = {
            "drain_seconds": drain,
            "docs": core.development,
            "debug_authenticator": local,
        }
        left_out = {name: value for name, value in choices.items() if getattr(self, name) is None}
        return self.model_copy(update=left_out)


def _each(words: tuple[str, ...], pattern: re.Pattern[str], wanted: str) -> tuple[str, ...]:
    for word in words:
        if not pattern.fullmatch(word):
            raise ValueError(f"{word!r} is not {wanted}")
    return words
