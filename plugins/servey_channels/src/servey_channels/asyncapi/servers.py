"""Where the application is, as the document names it."""

from typing import Any
from urllib.parse import urlsplit

from servey_channels.settings import ChannelSettings
from servey_core import Runtime
from servey_web import web_settings

WEBSOCKET, HTTP = "websocket", "http"

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - nothing is bound here
_CLOSE_CODES = """\
Messages are JSON texts, each an object with a `type`. The server answers in order, except what
`send` started.

| close code | when | what to do |
|---|---|---|
| 1003 | a message was binary | send text |
| 1008 | the page's origin may not connect, or there is no such channel | - |
| 1009 | a message was too large | send less |
| 1012 | the server restarts; `reconnect` said when to come back | come back, and subscribe since the last position |
| 1013 | the client was too slow, or there are too many | come back later, and subscribe since the last position |
| 4401 | the token is not valid, or has expired | get a new token, and come back |
| 4403 | the new token may not have what was subscribed to | - |
"""  # noqa: E501 - rows of a table
_STREAMS = (
    "Server-sent events (HTML Living Standard, section 9.2): each channel by a GET of its own. A "
    "client that comes back with `Last-Event-ID` gets what it has missed."
)


def public_url(runtime: Runtime) -> str:
    """Where clients reach the application: the setting, or host and port with the root path."""
    told = runtime.settings.group(ChannelSettings).asyncapi_url
    if told:
        return told.rstrip("/")
    core = runtime.settings.core
    host = "127.0.0.1" if core.host in _EVERYWHERE else core.host
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{core.port}{web_settings(runtime).root_path}"


def servers(url: str, *, with_sockets: bool, with_streams: bool) -> dict[str, Any]:
    """The servers, by name.

    Args:
        url: Where clients reach the application by HTTP.
        with_sockets: Whether clients connect at all.
        with_streams: Whether there are server-sent events too.
    """
    parts = urlsplit(url)
    where = {"host": parts.netloc, **({"pathname": parts.path} if parts.path else {})}
    secure = "s" if parts.scheme == "https" else ""
    websocket = {"protocol": f"ws{secure}", "title": "Websocket", "description": _CLOSE_CODES}
    http = {"protocol": f"http{secure}", "title": "Server-sent events", "description": _STREAMS}
    return {
        **({WEBSOCKET: {**where, **websocket}} if with_sockets else {}),
        **({HTTP: {**where, **http}} if with_streams else {}),
    }
