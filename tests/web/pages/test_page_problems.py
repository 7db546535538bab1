"""Problems as pages, by the application's templates or the default one."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asking import BROWSER
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    NotFound,
    PermissionDenied,
    RateLimit,
    Unavailable,
    WebPageTrigger,
    action,
)


@action(triggers=WebPageTrigger("/gone", template="home.j2"))
async def gone() -> None:
    raise NotFound("There is no <b>pet</b>.", colour="red")


@action(triggers=WebPageTrigger("/denied", template="home.j2"))
async def denied() -> None:
    raise PermissionDenied("Not for you.")


@action(triggers=WebPageTrigger("/busy", template="home.j2"))
async def busy() -> None:
    raise Unavailable("Later.", retry_after=7)


@action(triggers=WebPageTrigger("/broken", template="home.j2"))
async def broken() -> None:
    raise RuntimeError("secret <reason>")


@action(triggers=WebPageTrigger("/guarded", template="home.j2"), access_control=ALLOW_AUTHENTICATED)
async def guarded() -> None:
    pass


@action(triggers=WebPageTrigger("/often", template="home.j2"), rate_limits=RateLimit("2/hour"))
async def often() -> None:
    pass


ACTIONS = [gone, denied, busy, broken, guarded, often]
TEMPLATES = {"home.j2": "home"}
OWN = {
    **TEMPLATES,
    "404.j2": "<h1>404 {{ problem.detail }} {{ problem.extensions.colour }} {{ page.path }}</h1>",
    "problem.j2": "<h1>{{ problem.status }} {{ problem.title }}"
    " {{ authorization.subject if authorization }}"
    "</h1>",
    "503.j2": "{{ problem.extensions.x.y }}",
}
PRODUCTION = {"env": "production", "jwt_secret_key": "k" * 64}


def test_a_problem_is_a_page(app: Any) -> None:
    answer = app.get("/gone")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "Accept" in answer.headers["vary"]
    assert "There is no &lt;b&gt;pet&lt;/b&gt;." in answer.text
    assert f"urn:servey:call:{answer.headers['x-request-id']}" in answer.text
    assert (
        f"'nonce-{answer.text.split('nonce=')[1].split(chr(34))[1]}'"
        in (answer.headers["content-security-policy"])
    )


def test_what_goes_with_a_problem_goes_with_its_page(app: Any) -> None:
    assert app.get("/busy").headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/json", "application/problem+json"),
        ("application/problem+json, */*", "application/problem+json"),
        ("text/html;q=0.5, application/json;q=0.9", "application/problem+json"),
        ("text/html, application/json", "text/html; charset=utf-8"),
        ("text/html;q=x, application/json;q=0.1", "application/problem+json"),
    ],
)
def test_who_wants_json_is_given_json(app: Any, accept: str, kind: str) -> None:
    answer = app.get("/gone", Accept=accept)
    assert answer.headers["content-type"] == kind
    if kind == "application/problem+json":
        assert answer.json()["colour"] == "red"
        assert "content-security-policy" in answer.headers
        assert answer.headers["vary"] == "Accept"


def test_development_shows_why(app: Any) -> None:
    answer = app.get("/broken")
    assert answer.status_code == 500
    assert "RuntimeError" in answer.text
    assert "secret &lt;reason&gt;" in answer.text


def test_production_does_not(serve: Any) -> None:
    with serve(ACTIONS, TEMPLATES, **PRODUCTION) as app:
        answer = app.get("/broken")
        assert answer.status_code == 500
        assert "reason" not in answer.text
        assert "RuntimeError" not in answer.text
        assert answer.headers["x-request-id"] in answer.text
        assert app.get("/guarded").status_code == 401


def test_own_templates(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    with serve(ACTIONS, OWN, **PRODUCTION) as app:
        answer = app.get("/gone")
        assert answer.text == "<h1>404 There is no &lt;b&gt;pet&lt;/b&gt;. red /gone</h1>"
        assert app.get("/denied").text == "<h1>403 Permission denied </h1>"
        assert app.get("/nowhere").text.startswith("<h1>404 There is nothing at this path.")
        # One that fails gives way to the next.
        assert app.get("/busy").text == "<h1>503 Unavailable </h1>"
        assert "503.j2" in caplog.text


def test_an_own_template_that_fails(serve: Any) -> None:
    templates = {**TEMPLATES, "problem.j2": "{{ problem.extensions.x.y.z }}"}
    with serve(ACTIONS, templates) as app:
        answer = app.get("/gone")
        assert answer.status_code == 404
        assert "<h1>404 Not found</h1>\n<p>There is no &lt;b&gt;pet&lt;/b&gt;.</p>" in answer.text


def test_a_browser_without_credentials_is_led_to_where_it_gets_some(app: Any) -> None:
    answer = app.client.get("/guarded?a=b", headers=BROWSER)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/guarded?a%3Db" or answer.headers[
        "location"
    ].startswith("/login?next=")
    wrong = {**BROWSER, "Authorization": "Bearer wrong"}
    assert app.client.get("/guarded", headers=wrong).status_code == 401
    json = {"Accept": "application/json"}
    assert app.client.get("/guarded", headers=json).status_code == 401


def test_too_often(app: Any) -> None:
    for _ in range(3):
        answer = app.get("/often")
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    assert "Too many requests" in answer.text


def refused(app: Any, method: str = "GET", path: str = "/gone", **headers: str) -> Any:
    """What a browser is told, once a program was told the same in JSON."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    told = app.client.request(method, path, headers=headers)
    assert told.headers["content-type"] == "application/problem+json"
    assert told.headers["vary"] == "Accept"
    shown = app.client.request(method, path, headers={**BROWSER, **headers})
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert shown.headers["cache-control"] == "no-store"
    assert "Accept" in shown.headers["vary"]
    assert shown.status_code == told.status_code == told.json()["status"]
    assert told.json()["detail"] in shown.text
    return shown


def test_what_is_refused_at_the_door_is_a_page_for_a_browser(app: Any) -> None:
    assert refused(app, Host="elsewhere.example").status_code == 400
    answer = refused(app, "DELETE")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_one_too_many_is_told_by_a_page(serve: Any) -> None:
    arrived, release = threading.Event(), threading.Event()

    @action(triggers=WebPageTrigger("/held", template="home.j2"))
    async def held() -> None:
        arrived.set()
        await asyncio.to_thread(release.wait, PATIENCE)

    with (
        serve([held, gone], TEMPLATES, max_concurrency=1, retry_after=7) as app,
        ThreadPoolExecutor(1) as pool,
    ):
        answer = pool.submit(app.get, "/held")
        assert arrived.wait(PATIENCE)
        try:
            shown = refused(app)
        finally:
            release.set()
        assert (shown.status_code, shown.headers["retry-after"]) == (503, "7")
        assert answer.result().status_code == 200


def test_a_form_that_is_too_large_is_refused_by_a_page(serve: Any) -> None:
    @action(triggers=WebPageTrigger("/sent", method="POST", template="sent.j2"))
    async def sent(text: str) -> str:
        return text

    with serve([sent], {"sent.j2": "{{ csrf_field() }}"}, max_body_bytes=1000) as app:
        answer = app.send("/sent", {"text": "x" * 2000})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
