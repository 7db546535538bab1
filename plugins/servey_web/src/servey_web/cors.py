"""Cross-origin requests: refused by browsers unless `SERVEY_CORS_ORIGINS` names the origin."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from servey_core.errors import BadRequest
from servey_web.settings import WebSettings

_OK = 200


def allow_origins(app: ASGIApp, settings: WebSettings) -> ASGIApp:
    """Let scripts of the configured origins call `app`; the same `app` where there are none."""
    if not settings.cors_origins:
        return app
    return _Origins(
        app,
        allow_origins=settings.cors_origins,
        allow_methods=settings.cors_methods,
        allow_headers=settings.cors_headers,
        allow_credentials=settings.cors_credentials,
        expose_headers=("X-Request-ID", "ETag", "Retry-After"),
        max_age=settings.cors_max_age,
    )


class _Origins(CORSMiddleware):
    """Starlette's, whose refusals are problems."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code != _OK:
            raise BadRequest(f"{bytes(answer.body).decode()}.")
        return answer
