"""The FastAPI application behind the plans: documents, and whatever no plan answers.

It serves the actions too, by the very same plans, so that it is whole by itself. Where the web
host stands before it, the host's table has them first.
"""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from servey_core import FieldError, InvalidInput, Problem, ProblemError, Runtime
from servey_core.naming import kebab_case
from servey_core.problems import PROBLEM_CONTENT_TYPE
from servey_rest.openapi import openapi_document
from servey_rest.pages import DOCS_PATH, pages
from servey_rest.plans import web_routes
from servey_rest.settings import api_info
from servey_web import WebMount, WebRoute, instance_of, parameter_of, web_settings


def fastapi_app(runtime: Runtime, routes: Sequence[WebRoute] | None = None) -> FastAPI:
    """The actions as a FastAPI application.

    Args:
        runtime: The application.
        routes: The actions' routes, where they have been made already.
    """
    api = api_info(runtime)
    app = FastAPI(
        title=api.title,
        version=api.version,
        openapi_url=None,  # the document is made of the actions, not of the framework's routes
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            HTTPException: _of_http,
            RequestValidationError: _of_validation,
            ProblemError: _of_problem,
        },
    )
    app.openapi = lambda: openapi_document(runtime)  # type: ignore[method-assign]
    if web_settings(runtime).docs:
        app.router.routes.extend(pages(runtime))
    routes = web_routes(runtime) if routes is None else routes
    for route in sorted(routes, key=_plain_first):
        app.router.routes.append(Route(route.path, route.endpoint, methods=list(route.methods)))
    return app


def web_mount(runtime: Runtime, routes: Sequence[WebRoute]) -> WebMount:
    """The application, for the web host to put behind all routes."""
    app = fastapi_app(runtime, routes)
    shown = (DOCS_PATH,) if web_settings(runtime).docs else ()
    return WebMount("", app, lifespan=lambda: app.router.lifespan_context(app), pages=shown)


def _plain_first(route: WebRoute) -> tuple[bool, ...]:
    """The order in which the host's own table prefers paths."""
    return tuple(parameter_of(segment) is not None for segment in route.segments)


async def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - it is registered for these
    return _response(Problem.of(error, instance=instance_of(request.scope)))


async def _of_validation(request: Request, error: Exception) -> Response:
    """What FastAPI's own routes refuse; the first part of a location says where it stood."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for these
    errors = [
        FieldError(_pointer(entry["loc"][1:]), str(entry["msg"]), str(entry["type"]))
        for entry in error.errors()
    ]
    refused = InvalidInput(errors=errors)
    return _response(Problem.of(refused, instance=instance_of(request.scope)))


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for these
    phrase = HTTPStatus(error.status_code).phrase
    problem = Problem(
        type=f"urn:servey:problem:{kebab_case(phrase)}",
        title=phrase.capitalize(),
        status=error.status_code,
        detail="" if error.detail == phrase else str(error.detail),
        instance=instance_of(request.scope),
        headers=error.headers or {},
    )
    return _response(problem)


def _response(problem: Problem) -> Response:
    headers = dict(problem.headers)
    return Response(problem.to_json(), problem.status, headers, media_type=PROBLEM_CONTENT_TYPE)


def _pointer(location: Sequence[object]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "#" + "".join(f"/{part}" for part in parts)
