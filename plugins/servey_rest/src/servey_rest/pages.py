"""The documentation page: Swagger UI, whole from this host, and the document that it shows."""

import html
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from servey_core import NotFound, Runtime
from servey_rest.assets import asset_files, assets_version
from servey_rest.openapi import openapi_text
from servey_rest.settings import api_info

DOCS_PATH = "/docs"
OPENAPI_PATH = "/openapi.json"

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""All from this host; Swagger UI sets styles on elements."""

_REVALIDATED = {"Cache-Control": "no-cache"}
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="{assets}/favicon.svg">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<link rel="stylesheet" href="{assets}/docs.css">
</head>
<body>
<div id="docs" data-document="{document}"></div>
<noscript>This page needs scripts. The document: <a href="{document}">{document}</a></noscript>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="{assets}/docs.js"></script>
</body>
</html>
"""


def pages(runtime: Runtime, described: Sequence[BaseRoute]) -> list[BaseRoute]:
    """The routes of the page, of its files, and of the document.

    Args:
        runtime: The application.
        described: FastAPI's routes, which the document has beside the actions.
    """
    texts: dict[str, str] = {}
    page = _page(runtime)

    async def document(request: Request) -> Response:
        root_path = request.scope.get("root_path", "")
        if root_path not in texts:
            texts[root_path] = openapi_text(runtime, root_path, described)
        return Response(texts[root_path], media_type="application/json", headers=_REVALIDATED)

    async def docs(request: Request) -> Response:  # noqa: ARG001 - the framework's
        policy = {"Content-Security-Policy": _CONTENT_SECURITY_POLICY}
        return HTMLResponse(page, headers={**_REVALIDATED, **policy})

    assets = f"{DOCS_PATH}/assets/{assets_version()}/{{name}}"
    return [
        Route(OPENAPI_PATH, document, methods=["GET"]),
        Route(DOCS_PATH, docs, methods=["GET"]),
        Route(assets, _asset, methods=["GET"]),
    ]


async def _asset(request: Request) -> Response:
    file = asset_files().get(request.path_params["name"])
    if file is None:
        raise NotFound("The documentation page has no such file.")
    return FileResponse(file, headers=_KEPT)


def _page(runtime: Runtime) -> str:
    """The page; its addresses are relative, so that it may stand under any path."""
    return _PAGE.format(
        title=html.escape(api_info(runtime).title),
        assets=f"{DOCS_PATH}/assets/{assets_version()}".lstrip("/"),
        document=OPENAPI_PATH.lstrip("/"),
    )
