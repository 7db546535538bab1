"""How the page, its files, the document and the client are served."""

from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from servey_channels.asyncapi.serving import document_route
from servey_channels.inbound import channel_bindings
from servey_channels.studio.assets import page_files
from servey_channels.studio.page import content_security_policy, studio_page
from servey_core import Runtime
from servey_web import WebRoute, web_settings

STUDIO_PATH = "/asyncapi"
CLIENT_PATH = "/servey-client.js"

_CLIENT = Path(__file__).parents[1] / "client" / "servey-client.js"
"""The client for browsers; the package beside it, which a server does without, is for Python."""

_REVALIDATED = "no-cache"


def studio_routes(runtime: Runtime) -> list[WebRoute]:
    """The client, where there are channels; the document and the page, where there are pages.

    Args:
        runtime: The application.
    """
    if not runtime.channels and not channel_bindings(runtime):
        return []
    client = WebRoute(CLIENT_PATH, ("GET",), _send_client)
    if not web_settings(runtime).docs:
        return [client]
    has_bundle = page_files().bundled
    headers = {
        "Cache-Control": _REVALIDATED,
        "Content-Security-Policy": content_security_policy(bundled=has_bundle),
    }
    page = HTMLResponse(studio_page(runtime, bundled=has_bundle), headers=headers)
    return [
        client,
        document_route(runtime),
        WebRoute(STUDIO_PATH, ("GET",), page, pages=(STUDIO_PATH,)),
        page_files().route(STUDIO_PATH),
    ]


async def _send_client(scope: Scope, receive: Receive, send: Send) -> None:
    files = StaticFiles(directory=_CLIENT.parent)
    response = files.file_response(_CLIENT, _CLIENT.stat(), scope)
    response.headers["Cache-Control"] = _REVALIDATED
    await response(scope, receive, send)
