"""How the document is served."""

from functools import cache

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from servey_channels.asyncapi.document import asyncapi_text
from servey_core import Runtime
from servey_web import WebRoute

DOCUMENT_PATH = "/asyncapi.json"
_HEADERS = {"Cache-Control": "no-cache"}


def document_route(runtime: Runtime) -> WebRoute:
    """The route of the document, which is made when it is first asked for.

    Args:
        runtime: The application.
    """

    @cache
    def answer() -> Response:
        text = asyncapi_text(runtime)
        return Response(text, media_type="application/json", headers=_HEADERS)

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        await answer()(scope, receive, send)

    return WebRoute(DOCUMENT_PATH, ("GET",), endpoint)
