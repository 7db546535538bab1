"""Write a typed function once; plugins serve it on every surface.

Names are imported when they are first used, so that an application pays for what it needs.
"""

from typing import TYPE_CHECKING

from servey_core.lazy import lazy_names

if TYPE_CHECKING:
    from servey_core.access import (
        ALLOW_ALL,
        ALLOW_AUTHENTICATED,
        ALLOW_NONE,
        AccessControl,
        ScopeAccessControl,
    )
    from servey_core.actions import (
        Action,
        Binding,
        action,
        action_of,
    )
    from servey_core.authorization import (
        Authorization,
        Authorizer,
        AuthorizerFactory,
    )
    from servey_core.batching import (
        BatchInvoker,
    )
    from servey_core.caching import (
        CacheControl,
        CacheHeaders,
        SecureHashCacheControl,
        TtlCacheControl,
    )
    from servey_core.cli.application import (
        with_runtime,
    )
    from servey_core.commands import (
        Command,
    )
    from servey_core.contexts import (
        Context,
    )
    from servey_core.errors import (
        ActionError,
        ActionTimeout,
        BadRequest,
        ConfigurationError,
        Conflict,
        DiscoveryError,
        DuplicateActionError,
        FieldError,
        IdempotencyKeyMissing,
        IdempotencyKeyReused,
        InternalError,
        InvalidInput,
        MethodNotAllowed,
        NotFound,
        PermissionDenied,
        PluginError,
        ProblemError,
        ServeyError,
        ServiceError,
        SettingsError,
        SignatureError,
        StillUnderWay,
        TooManyRequests,
        Unauthorized,
        Unavailable,
        UnknownNameError,
        UnservedTriggerError,
    )
    from servey_core.examples import (
        Example,
    )
    from servey_core.files import (
        File,
    )
    from servey_core.generating import (
        Artifact,
        Generator,
    )
    from servey_core.hookspecs import (
        hookimpl,
        hookspec,
    )
    from servey_core.idempotency import (
        Idempotency,
    )
    from servey_core.invocation import (
        Invoker,
        Middleware,
    )
    from servey_core.keeping import (
        ServerCache,
    )
    from servey_core.outcomes import (
        Outcome,
    )
    from servey_core.pagination import (
        Cursor,
        Page,
    )
    from servey_core.places import (
        Cookie,
        Header,
    )
    from servey_core.problems import (
        Problem,
    )
    from servey_core.rate_limits import (
        RateLimit,
    )
    from servey_core.results import (
        ContentType,
        Redirect,
        Response,
    )
    from servey_core.runtime import (
        Runtime,
        start,
    )
    from servey_core.services import (
        Service,
        ServiceContext,
    )
    from servey_core.settings import (
        Settings,
        SettingsGroup,
        setting,
    )
    from servey_core.signatures import (
        Signature,
    )
    from servey_core.state.store import (
        StateStore,
        StateStoreFactory,
    )
    from servey_core.surfaces import (
        Caller,
        Reply,
        Surface,
    )
    from servey_core.timestamps import (
        TimestampCacheControl,
    )
    from servey_core.triggers import (
        WEB_DELETE,
        WEB_GET,
        WEB_PATCH,
        WEB_POST,
        WEB_PUT,
        Trigger,
        WebTrigger,
    )

_HOMES = {
    "access": (
        "ALLOW_ALL",
        "ALLOW_AUTHENTICATED",
        "ALLOW_NONE",
        "AccessControl",
        "ScopeAccessControl",
    ),
    "actions": (
        "Action",
        "Binding",
        "action",
        "action_of",
    ),
    "authorization": (
        "Authorization",
        "Authorizer",
        "AuthorizerFactory",
    ),
    "batching": ("BatchInvoker",),
    "caching": (
        "CacheControl",
        "CacheHeaders",
        "SecureHashCacheControl",
        "TtlCacheControl",
    ),
    "cli.application": ("with_runtime",),
    "commands": ("Command",),
    "contexts": ("Context",),
    "errors": (
        "ActionError",
        "ActionTimeout",
        "BadRequest",
        "ConfigurationError",
        "Conflict",
        "DiscoveryError",
        "DuplicateActionError",
        "FieldError",
        "IdempotencyKeyMissing",
        "IdempotencyKeyReused",
        "InternalError",
        "InvalidInput",
        "MethodNotAllowed",
        "NotFound",
        "PermissionDenied",
        "PluginError",
        "ProblemError",
        "ServeyError",
        "ServiceError",
        "SettingsError",
        "SignatureError",
        "StillUnderWay",
        "TooManyRequests",
        "Unauthorized",
        "Unavailable",
        "UnknownNameError",
        "UnservedTriggerError",
    ),
    "examples": ("Example",),
    "files": ("File",),
    "generating": (
        "Artifact",
        "Generator",
    ),
    "hookspecs": (
        "hookimpl",
        "hookspec",
    ),
    "idempotency": ("Idempotency",),
    "invocation": (
        "Invoker",
        "Middleware",
    ),
    "keeping": ("ServerCache",),
    "outcomes": ("Outcome",),
    "pagination": (
        "Cursor",
        "Page",
    ),
    "places": (
        "Cookie",
        "Header",
    ),
    "problems": ("Problem",),
    "rate_limits": ("RateLimit",),
    "results": (
        "ContentType",
        "Redirect",
        "Response",
    ),
    "runtime": (
        "Runtime",
        "start",
    ),
    "services": (
        "Service",
        "ServiceContext",
    ),
    "settings": (
        "Settings",
        "SettingsGroup",
        "setting",
    ),
    "signatures": ("Signature",),
    "state.store": (
        "StateStore",
        "StateStoreFactory",
    ),
    "surfaces": (
        "Caller",
        "Reply",
        "Surface",
    ),
    "timestamps": ("TimestampCacheControl",),
    "triggers": (
        "Trigger",
        "WEB_DELETE",
        "WEB_GET",
        "WEB_PATCH",
        "WEB_POST",
        "WEB_PUT",
        "WebTrigger",
    ),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOMES)

__all__ = [
    "ALLOW_ALL",
    "ALLOW_AUTHENTICATED",
    "ALLOW_NONE",
    "WEB_DELETE",
    "WEB_GET",
    "WEB_PATCH",
    "WEB_POST",
    "WEB_PUT",
    "AccessControl",
    "Action",
    "ActionError",
    "ActionTimeout",
    "Artifact",
    "Authorization",
    "Authorizer",
    "AuthorizerFactory",
    "BadRequest",
    "BatchInvoker",
    "Binding",
    "CacheControl",
    "CacheHeaders",
    "Caller",
    "Command",
    "ConfigurationError",
    "Conflict",
    "ContentType",
    "Context",
    "Cookie",
    "Cursor",
    "DiscoveryError",
    "DuplicateActionError",
    "Example",
    "FieldError",
    "File",
    "Generator",
    "Header",
    "Idempotency",
    "IdempotencyKeyMissing",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidInput",
    "Invoker",
    "MethodNotAllowed",
    "Middleware",
    "NotFound",
    "Outcome",
    "Page",
    "PermissionDenied",
    "PluginError",
    "Problem",
    "ProblemError",
    "RateLimit",
    "Redirect",
    "Reply",
    "Response",
    "Runtime",
    "ScopeAccessControl",
    "SecureHashCacheControl",
    "ServerCache",
    "ServeyError",
    "Service",
    "ServiceContext",
    "ServiceError",
    "Settings",
    "SettingsError",
    "SettingsGroup",
    "Signature",
    "SignatureError",
    "StateStore",
    "StateStoreFactory",
    "StillUnderWay",
    "Surface",
    "TimestampCacheControl",
    "TooManyRequests",
    "Trigger",
    "TtlCacheControl",
    "Unauthorized",
    "Unavailable",
    "UnknownNameError",
    "UnservedTriggerError",
    "WebTrigger",
    "action",
    "action_of",
    "hookimpl",
    "hookspec",
    "setting",
    "start",
    "with_runtime",
]
