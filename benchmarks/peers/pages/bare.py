"""The limit: what can be written by hand with ASGI and Jinja, and no protections."""

from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader
from starlette.types import ASGIApp, Receive, Scope, Send

from peers.pages.contract import PATH, TEMPLATE, TEMPLATES, search


def application() -> ASGIApp:
    """One comparison of the path, one template, two messages."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    template = environment.get_template(TEMPLATE)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["type"] != "http":
            return
        if scope["path"] == PATH and scope["method"] == "GET":
            query = dict(parse_qsl(scope["query_string"].decode()))
            status, body = 200, template.render(model=search(query["q"])).encode()
        else:
            status, body = 404, b""
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
