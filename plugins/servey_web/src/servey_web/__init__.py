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
    from servey_web.arguments.forms import (
        MULTIPART,
        URLENCODED,
        TakeForm,
        file_shapes,
        form_taker,
    )
    from servey_web.arguments.headers import (
        in_headers,
    )
    from servey_web.arguments.paths import (
        check_path,
        path_parameters,
    )
    from servey_web.arguments.readers import (
        BODILESS,
        body_reader,
        form_reader,
        query_reader,
        takes_form,
    )
    from servey_web.arguments.sending import (
        request_of,
    )
    from servey_web.bodies import (
        ClientDisconnected,
        Patience,
        body_chunks,
        limit_body,
        read_body,
    )
    from servey_web.caching.freshness import (
        NO_STORE,
        NOT_MODIFIED,
        cache_fields,
        with_hint,
    )
    from servey_web.credentials import (
        authorization_of,
    )
    from servey_web.direct import (
        Answer,
        DirectEndpoint,
    )
    from servey_web.event_streams import (
        send_event_stream,
    )
    from servey_web.fields import (
        REPLAYED,
        file_fields,
        location,
        replaced,
        told_fields,
        with_added,
    )
    from servey_web.file_ranges import (
        RangeNotSatisfiable,
        from_disk,
    )
    from servey_web.full_calls import (
        Head,
        full_head,
        in_full,
        succeeds,
        taken_form,
        told_of_replay,
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
    from servey_web.origins import (
        is_own_page,
    )
    from servey_web.page_files import (
        DEBUG_LOGIN_SCRIPT,
        PageFiles,
    )
    from servey_web.plans import (
        CONTENTLESS,
        ActionPlan,
        length_field,
        without_content,
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
        WEBSOCKET,
        WebMount,
        WebRoute,
        parameter_of,
    )
    from servey_web.routing import (
        RouteConflictError,
    )
    from servey_web.scopes import (
        FALLBACK,
        headers_of,
        instance_of,
        leave_count,
        leaving_of,
    )
    from servey_web.settings import (
        WebSettings,
    )
    from servey_web.static_site.assets import (
        Assets,
    )
    from servey_web.template_helpers import (
        TemplateHelpers,
    )
    from servey_web.testing import (
        client_of,
        credentials_of,
        numbered_surfaces,
        served,
        token_of,
    )

_HOMES = {
    "application": (
        "DEBUG_LOGIN_PATH",
        "WebService",
        "create_app",
        "web_settings",
    ),
    "arguments.forms": (
        "MULTIPART",
        "URLENCODED",
        "TakeForm",
        "file_shapes",
        "form_taker",
    ),
    "arguments.headers": ("in_headers",),
    "arguments.paths": (
        "check_path",
        "path_parameters",
    ),
    "arguments.readers": (
        "BODILESS",
        "body_reader",
        "form_reader",
        "query_reader",
        "takes_form",
    ),
    "arguments.sending": ("request_of",),
    "bodies": (
        "ClientDisconnected",
        "Patience",
        "body_chunks",
        "limit_body",
        "read_body",
    ),
    "caching.freshness": (
        "NOT_MODIFIED",
        "NO_STORE",
        "cache_fields",
        "with_hint",
    ),
    "credentials": ("authorization_of",),
    "direct": (
        "Answer",
        "DirectEndpoint",
    ),
    "event_streams": ("send_event_stream",),
    "fields": (
        "REPLAYED",
        "file_fields",
        "location",
        "replaced",
        "told_fields",
        "with_added",
    ),
    "file_ranges": (
        "RangeNotSatisfiable",
        "from_disk",
    ),
    "full_calls": (
        "Head",
        "full_head",
        "in_full",
        "succeeds",
        "taken_form",
        "told_of_replay",
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
    "origins": ("is_own_page",),
    "page_files": (
        "DEBUG_LOGIN_SCRIPT",
        "PageFiles",
    ),
    "plans": (
        "CONTENTLESS",
        "ActionPlan",
        "length_field",
        "without_content",
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
        "WEBSOCKET",
        "WebMount",
        "WebRoute",
        "parameter_of",
    ),
    "routing": ("RouteConflictError",),
    "scopes": (
        "FALLBACK",
        "headers_of",
        "instance_of",
        "leave_count",
        "leaving_of",
    ),
    "settings": ("WebSettings",),
    "static_site.assets": ("Assets",),
    "template_helpers": ("TemplateHelpers",),
    "testing": (
        "client_of",
        "credentials_of",
        "numbered_surfaces",
        "served",
        "token_of",
    ),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOMES)

__all__ = [
    "BODILESS",
    "CONTENTLESS",
    "DEBUG_LOGIN_PATH",
    "DEBUG_LOGIN_SCRIPT",
    "FALLBACK",
    "MAX_FORM_FIELDS",
    "MULTIPART",
    "NOT_MODIFIED",
    "NO_STORE",
    "REPLAYED",
    "URLENCODED",
    "WEBSOCKET",
    "ActionPlan",
    "Answer",
    "Assets",
    "ClientDisconnected",
    "DirectEndpoint",
    "Head",
    "Multipart",
    "PageFiles",
    "Patience",
    "RangeNotSatisfiable",
    "RawHeaders",
    "ResponseCut",
    "RouteConflictError",
    "TakeForm",
    "TemplateHelpers",
    "WebHost",
    "WebMount",
    "WebRoute",
    "WebService",
    "WebSettings",
    "authorization_of",
    "body_chunks",
    "body_reader",
    "cache_fields",
    "check_charset",
    "check_path",
    "client_of",
    "create_app",
    "credentials_of",
    "file_fields",
    "file_shapes",
    "form_reader",
    "form_taker",
    "from_disk",
    "full_head",
    "headers_of",
    "idempotency_key",
    "in_full",
    "in_headers",
    "instance_of",
    "is_own_page",
    "leave_count",
    "leaving_of",
    "length_field",
    "lifespan_of",
    "limit_body",
    "location",
    "numbered_surfaces",
    "parameter_of",
    "path_parameters",
    "query_reader",
    "raw_headers",
    "read_body",
    "replaced",
    "request_of",
    "respond",
    "respond_bytes",
    "respond_json",
    "send_event_stream",
    "served",
    "succeeds",
    "taken_form",
    "takes_form",
    "token_of",
    "told_fields",
    "told_of_replay",
    "too_many_fields",
    "web_settings",
    "with_added",
    "with_hint",
    "without_content",
]
