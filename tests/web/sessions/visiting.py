"""An application with pages, and browsers that visit it."""

import re
from typing import Any

import httpx
from serving import by_rest
from waiting import PATIENCE

from servey_core import (
    WEB_GET,
    Authorization,
    PageResponse,
    Redirect,
    Response,
    ScopeAccessControl,
    WebPageTrigger,
    WebTrigger,
    action,
)

PASSWORD = "a långer password"
BY_HTTPS = {"X-Forwarded-Proto": "https"}
"""What a proxy says of a request that came by TLS; from this machine it is believed."""

TEMPLATES = {
    "home.j2": "<h1>Home</h1>{{ authorization.subject if authorization }}",
    "diary.j2": """<h1>Diary of {{ model }}</h1>
        <form method="post" action="/logout">{{ csrf_field() }}<button>Log out</button></form>""",
    "write_note.j2": """<form method="post">{{ csrf_field() }}
        <input name="text" value="{{ form.value("text") }}"><button>Send</button></form>
        <p id="noted">{{ model }}</p>""",
    "scripted.j2": """<p id="shown">nothing</p>
        <script>document.querySelector("#shown").innerText = "bare"</script>""",
    "nonced.j2": """<p id="shown">nothing</p>
        <style nonce="{{ csp_nonce() }}">#shown { color: rgb(1, 2, 3) }</style>
        <script nonce="{{ csp_nonce() }}">
          document.querySelector("#shown").innerText = "nonced"
        </script>""",
    "news.j2": "{% if model %}{{ csrf_field() }}{% endif %}",
    "enter.j2": "<form method='post'>{{ csrf_field() }}<input name='name'></form>",
    "leave.j2": "<p>Bye</p><form method='post'>{{ csrf_field() }}</form>",
}


@action(triggers=WebPageTrigger("/"))
async def home() -> str:
    """The start."""
    return "home"


@action(
    triggers=[WebPageTrigger("/diary"), *by_rest(WEB_GET)],
    access_control=ScopeAccessControl("read"),
)
async def diary(authorization: Authorization) -> str | None:
    """What only some may read, as a page and by REST."""
    return authorization.subject


NOTES: list[str] = []


@action(triggers=WebPageTrigger("/notes", template="write_note.j2", method="POST"))
async def write_note(text: str) -> str:
    """Write something down."""
    NOTES.append(text)
    return text


@action(triggers=WebPageTrigger("/scripted"))
async def scripted() -> str:
    """A page with a script that nobody vouches for."""
    return ""


@action(triggers=WebPageTrigger("/nonced"))
async def nonced() -> str:
    """A page with a script and a style of its own."""
    return ""


@action(triggers=WebPageTrigger("/news"))
async def news(*, form: bool) -> PageResponse[bool]:
    """A page that says for itself how long caches may keep it."""
    return PageResponse(form, headers={"Cache-Control": "public, max-age=60"})


@action(triggers=[WebPageTrigger("/enter", method="POST"), *by_rest(WebTrigger("POST"))])
async def enter(name: str, response: Response) -> Redirect:
    """Log in by the application's own means."""
    response.start_session(Authorization(name, frozenset(["read"])))
    return Redirect("/diary")


@action(triggers=WebPageTrigger("/leave", method="POST"))
async def leave(response: Response) -> str:
    """Log out by the application's own means."""
    response.end_session()
    return "Bye"


ACTIONS = [home, diary, write_note, scripted, nonced, news, enter, leave]


class Browser(httpx.Client):
    """A client that keeps cookies, fills in forms, and follows no redirect by itself.

    Args:
        url: Where the application is.
        **options: As for `httpx.Client`.
    """

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(base_url=url, timeout=PATIENCE, trust_env=False, **options)

    def token(self, path: str) -> str:
        """The token in the first form of a page."""
        return token_in(self.get(path).text)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request with the cookies that a browser over HTTPS would send, too."""
        if request.headers.get("X-Forwarded-Proto") == "https":
            kept = [f"{one.name}={one.value}" for one in self.cookies.jar]
            if kept:
                request.headers["Cookie"] = "; ".join(kept)
        return super().send(request, **options)

    def log_in(self, scopes: str = "read", **fields: str) -> httpx.Response:
        """Log in by the page for that."""
        form = {"username": "ann", "password": PASSWORD, "scope": scopes}
        token = self.token("/login")
        return self.post("/login", data={**form, "csrf_token": token, **fields})


def token_in(html: str) -> str:
    """The token in the first form of a page."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', html)
    assert found is not None, html
    return found[1]
