"""The web host of Servey: what plugins and applications may use of it.

Names are imported when they are first used, so that an application pays for what it needs.
"""

from typing import TYPE_CHECKING

from servey_core.lazy import lazy_names

if TYPE_CHECKING:
    from servey_web.application import (
        DEBUG_LOGIN_PATH,
        WebService,
        create_app,
        web_settings,
    )
    from servey_web.bodies import (
        ClientDisconnected,
        Patience,
        body_chunks,
        limit_body,
        read_body,
    )
    from servey_web.credentials import (
        authorization_of,
    )
    from servey_web.direct import (
        Answer,
        DirectEndpoint,
    )
    from servey_web.host import (
        WebHost,
    )
    from servey_web.idempotency_keys import (
        idempotency_key,
    )
    from servey_web.lifespans import (
        lifespan_of,
    )
    from servey_web.multipart import (
        MAX_FORM_FIELDS,
        Multipart,
        check_charset,
        too_many_fields,
    )
    from servey_web.responses import (
        RawHeaders,
        ResponseCut,
        raw_headers,
        respond,
        respond_bytes,
        respond_json,
    )
    from servey_web.routes import (
        WebMount,
        WebRoute,
        parameter_of,
    )
    from servey_web.routing import (
        RouteConflictError,
    )
    from servey_web.scopes import (
        headers_of,
        instance_of,
        leaving_of,
    )
    from servey_web.settings import (
        WebSettings,
    )

_HOMES = {
    "application": (
        "DEBUG_LOGIN_PATH",
        "WebService",
        "create_app",
        "web_settings",
    ),
    "bodies": (
        "ClientDisconnected",
        "Patience",
        "body_chunks",
        "limit_body",
        "read_body",
    ),
    "credentials": ("authorization_of",),
    "direct": (
        "Answer",
        "DirectEndpoint",
    ),
    "host": ("WebHost",),
    "idempotency_keys": ("idempotency_key",),
    "lifespans": ("lifespan_of",),
    "multipart": (
        "MAX_FORM_FIELDS",
        "Multipart",
        "check_charset",
        "too_many_fields",
    ),
    "responses": (
        "RawHeaders",
        "ResponseCut",
        "raw_headers",
        "respond",
        "respond_bytes",
        "respond_json",
    ),
    "routes": (
        "WebMount",
        "WebRoute",
        "parameter_of",
    ),
    "routing": ("RouteConflictError",),
    "scopes": (
        "headers_of",
        "instance_of",
        "leaving_of",
    ),
    "settings": ("WebSettings",),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOMES)

__all__ = [
    "DEBUG_LOGIN_PATH",
    "MAX_FORM_FIELDS",
    "Answer",
    "ClientDisconnected",
    "DirectEndpoint",
    "Multipart",
    "Patience",
    "RawHeaders",
    "ResponseCut",
    "RouteConflictError",
    "WebHost",
    "WebMount",
    "WebRoute",
    "WebService",
    "WebSettings",
    "authorization_of",
    "body_chunks",
    "check_charset",
    "create_app",
    "headers_of",
    "idempotency_key",
    "instance_of",
    "leaving_of",
    "lifespan_of",
    "limit_body",
    "parameter_of",
    "raw_headers",
    "read_body",
    "respond",
    "respond_bytes",
    "respond_json",
    "too_many_fields",
    "web_settings",
]
