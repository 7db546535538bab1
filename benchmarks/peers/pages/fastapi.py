"""FastAPI with `Jinja2Templates`, as its documents have it."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from peers.pages.contract import PATH, TEMPLATE, TEMPLATES, search

_templates = Jinja2Templates(directory=TEMPLATES)


def application() -> FastAPI:
    """An `async def` endpoint."""
    app = FastAPI()

    @app.get(PATH, response_class=HTMLResponse)
    async def products(request: Request, q: str) -> HTMLResponse:
        return _templates.TemplateResponse(request, TEMPLATE, {"model": search(q)})

    return app


def sync_application() -> FastAPI:
    """A `def` endpoint, which runs in a thread."""
    app = FastAPI()

    @app.get(PATH, response_class=HTMLResponse)
    def products(request: Request, q: str) -> HTMLResponse:
        return _templates.TemplateResponse(request, TEMPLATE, {"model": search(q)})

    return app
