"""What logging in and out have in common: a form comes in, and a page or a redirect goes out."""

from abc import ABC, abstractmethod

from python_multipart.multipart import parse_options_header
from starlette.types import Receive, Scope, Send

from servey_core import Problem, ProblemError, Runtime
from servey_core.errors import UnsupportedMediaType
from servey_web.arguments.forms import URLENCODED
from servey_web.arguments.queries import Pairs, parse_query
from servey_web.bodies import Patience, read_body
from servey_web.direct import Answer
from servey_web.fields import location
from servey_web.pages.problems import ProblemPages
from servey_web.responses import RawHeaders, respond
from servey_web.scopes import headers_of, instance_of
from servey_web.sessions.sessions import Sessions
from servey_web.sessions.visits import Visit
from servey_web.settings import WebSettings

_MAX_BYTES = 16 * 1024


class FormEndpoint(ABC):
    """An ASGI endpoint of the host's own for browsers.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._development = runtime.settings.core.development
        self._patience = Patience.of(runtime.settings.group(WebSettings))
        self._sessions = Sessions.of(runtime)
        self._problems = ProblemPages.of(runtime)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, fields, content = await self.answer(scope, receive)
        except ProblemError as error:
            instance = instance_of(scope)
            problem = Problem.of(error, instance=instance, development=self._development)
            if not self._problems.wanted(scope, otherwise=True):
                await respond(send, problem)
                return
            status, fields, content = await self._problems.answer(problem, scope)
        content = b"" if scope["method"] == "HEAD" else content
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    @abstractmethod
    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """The answer to one request.

        Raises:
            ProblemError: There is none.
        """

    async def sent_form(self, scope: Scope, receive: Receive) -> dict[str, str]:
        """The fields of the form that a page of this host has sent.

        Raises:
            FormRefused: It comes from elsewhere.
            ProblemError: It cannot be read.
        """
        content_type, _ = parse_options_header(headers_of(scope).get(b"content-type"))
        if content_type.decode("latin-1") != URLENCODED:
            raise UnsupportedMediaType(f"The body must be a form: Content-Type: {URLENCODED}.")
        body = await read_body(scope, receive, _MAX_BYTES, self._patience)
        fields: Pairs = parse_query(body, "form")
        return dict(self._sessions.visit(scope).check_csrf(fields))


def redirect(url: str, visit: Visit) -> Answer:
    """The answer that has a browser go elsewhere."""
    fields: RawHeaders = [location(url), (b"content-length", b"0"), *visit.fields()]
    return 303, fields, b""
