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
    from servey_core.background import (
        Background,
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
    from servey_core.channel_triggers import (
        ChannelTrigger,
    )
    from servey_core.channels import (
        BackgroundChannel,
        background_channel,
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
    from servey_core.enqueueing import (
        aenqueue,
        aenqueue_many,
        enqueue,
        enqueue_many,
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
        QueueFull,
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
    from servey_core.event_channels import (
        Channel,
        ChannelError,
        ChannelTransport,
        ChannelTransportFactory,
        Position,
    )
    from servey_core.examples import (
        EventExample,
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
    from servey_core.job_handles import (
        Job,
        JobFailed,
    )
    from servey_core.keeping import (
        ServerCache,
    )
    from servey_core.outcomes import (
        Outcome,
    )
    from servey_core.page_triggers import (
        WebPageTrigger,
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
        PageResponse,
        Redirect,
        Response,
    )
    from servey_core.running_jobs import (
        RunningJob,
        current_job,
    )
    from servey_core.runtime import (
        Runtime,
        start,
    )
    from servey_core.schedule_triggers import (
        AtTrigger,
        CronTrigger,
        FixedRateTrigger,
        Misfire,
        Overlap,
        ScheduleTrigger,
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
        ChannelSurface,
        Heard,
        Publisher,
        Reply,
        Surface,
    )
    from servey_core.tasks import (
        JobOrder,
        JobState,
        JobStatus,
        Progress,
        TaskQueue,
        TaskQueueFactory,
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
    from servey_core.webhook_channels import (
        WebhookChannel,
        webhook_channel,
    )
    from servey_core.webhook_subscribers import (
        SubscriberStore,
        WebhookSubscriber,
    )
    from servey_core.webhook_triggers import (
        WebhookTrigger,
        WebhookVerifier,
    )
    from servey_core.websocket_channels import (
        History,
        WebsocketChannel,
        websocket_channel,
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
    "background": ("Background",),
    "batching": ("BatchInvoker",),
    "caching": (
        "CacheControl",
        "CacheHeaders",
        "SecureHashCacheControl",
        "TtlCacheControl",
    ),
    "channel_triggers": ("ChannelTrigger",),
    "channels": (
        "BackgroundChannel",
        "background_channel",
    ),
    "cli.application": ("with_runtime",),
    "commands": ("Command",),
    "contexts": ("Context",),
    "enqueueing": (
        "aenqueue",
        "aenqueue_many",
        "enqueue",
        "enqueue_many",
    ),
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
        "QueueFull",
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
    "event_channels": (
        "Channel",
        "ChannelError",
        "ChannelTransport",
        "ChannelTransportFactory",
        "Position",
    ),
    "examples": (
        "EventExample",
        "Example",
    ),
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
    "job_handles": (
        "Job",
        "JobFailed",
    ),
    "keeping": ("ServerCache",),
    "outcomes": ("Outcome",),
    "page_triggers": ("WebPageTrigger",),
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
        "PageResponse",
        "Redirect",
        "Response",
    ),
    "running_jobs": (
        "RunningJob",
        "current_job",
    ),
    "runtime": (
        "Runtime",
        "start",
    ),
    "schedule_triggers": (
        "AtTrigger",
        "CronTrigger",
        "FixedRateTrigger",
        "Misfire",
        "Overlap",
        "ScheduleTrigger",
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
        "ChannelSurface",
        "Heard",
        "Publisher",
        "Reply",
        "Surface",
    ),
    "tasks": (
        "JobOrder",
        "JobState",
        "JobStatus",
        "Progress",
        "TaskQueue",
        "TaskQueueFactory",
    ),
    "timestamps": ("TimestampCacheControl",),
    "triggers": (
        "WEB_DELETE",
        "WEB_GET",
        "WEB_PATCH",
        "WEB_POST",
        "WEB_PUT",
        "Trigger",
        "WebTrigger",
    ),
    "webhook_channels": (
        "WebhookChannel",
        "webhook_channel",
    ),
    "webhook_subscribers": (
        "SubscriberStore",
        "WebhookSubscriber",
    ),
    "webhook_triggers": (
        "WebhookTrigger",
        "WebhookVerifier",
    ),
    "websocket_channels": (
        "History",
        "WebsocketChannel",
        "websocket_channel",
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
    "AtTrigger",
    "Authorization",
    "Authorizer",
    "AuthorizerFactory",
    "Background",
    "BackgroundChannel",
    "BadRequest",
    "BatchInvoker",
    "Binding",
    "CacheControl",
    "CacheHeaders",
    "Caller",
    "Channel",
    "ChannelError",
    "ChannelSurface",
    "ChannelTransport",
    "ChannelTransportFactory",
    "ChannelTrigger",
    "Command",
    "ConfigurationError",
    "Conflict",
    "ContentType",
    "Context",
    "Cookie",
    "CronTrigger",
    "Cursor",
    "DiscoveryError",
    "DuplicateActionError",
    "EventExample",
    "Example",
    "FieldError",
    "File",
    "FixedRateTrigger",
    "Generator",
    "Header",
    "Heard",
    "History",
    "Idempotency",
    "IdempotencyKeyMissing",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidInput",
    "Invoker",
    "Job",
    "JobFailed",
    "JobOrder",
    "JobState",
    "JobStatus",
    "MethodNotAllowed",
    "Middleware",
    "Misfire",
    "NotFound",
    "Outcome",
    "Overlap",
    "Page",
    "PageResponse",
    "PermissionDenied",
    "PluginError",
    "Position",
    "Problem",
    "ProblemError",
    "Progress",
    "Publisher",
    "QueueFull",
    "RateLimit",
    "Redirect",
    "Reply",
    "Response",
    "RunningJob",
    "Runtime",
    "ScheduleTrigger",
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
    "SubscriberStore",
    "Surface",
    "TaskQueue",
    "TaskQueueFactory",
    "TimestampCacheControl",
    "TooManyRequests",
    "Trigger",
    "TtlCacheControl",
    "Unauthorized",
    "Unavailable",
    "UnknownNameError",
    "UnservedTriggerError",
    "WebPageTrigger",
    "WebTrigger",
    "WebhookChannel",
    "WebhookSubscriber",
    "WebhookTrigger",
    "WebhookVerifier",
    "WebsocketChannel",
    "action",
    "action_of",
    "aenqueue",
    "aenqueue_many",
    "background_channel",
    "current_job",
    "enqueue",
    "enqueue_many",
    "hookimpl",
    "hookspec",
    "setting",
    "start",
    "webhook_channel",
    "websocket_channel",
    "with_runtime",
]
