"""The explorer's page, and that it needs nobody but this host."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from servey_core import WEB_GET, ScopeAccessControl, action
from servey_graphql.graphiql.assets import page_files
from servey_graphql.graphiql.page import content_security_policy, explorer_page

sys.path.insert(0, str(Path(__file__).parent))  # the plugin

PRODUCTION = {"env": "production", "jwt_secret_key": "k" * 32, "drain_seconds": 0}
SETTINGS = {"plugin_modules": ["graphiql_pages"]}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

IN_CI = os.environ.get("CI") == "true"

with_bundle = pytest.mark.skipif(
    not page_files().bundled and not IN_CI, reason="GraphiQL was not bundled: no npm"
)


@action(triggers=WEB_GET)
async def say_hello(name: str) -> str:
    return f"Hello {name}!"


@action(triggers=WEB_GET, access_control=ScopeAccessControl("<b>&bold"))
async def guarded() -> str:
    return "Welcome."


ACTIONS = [say_hello, guarded]


def page_of(app: Any, path: str = "/graphql") -> httpx.Response:
    return app.client.get(path, headers=BROWSER)


def references(text: str) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', text)


def is_page(response: httpx.Response) -> bool:
    return response.headers["content-type"] == "text/html; charset=utf-8"


@with_bundle
def test_the_page_refers_to_this_host_alone(app: Any) -> None:
    page = page_of(app)
    assert page.status_code == 200
    assert is_page(page)
    assert len(references(page.text)) == 8
    for reference in references(page.text):
        assert "//" not in reference
        assert app.client.get(f"/{reference}").status_code == 200
    assert "http" not in page.text


@with_bundle
def test_browsers_are_told_to_load_from_this_host_alone(app: Any) -> None:
    policy = page_of(app).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; worker-src 'self'; ")
    assert "http" not in policy
    assert "*" not in policy
    assert "eval" not in policy


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (BROWSER["Accept"], True),
        ("text/html", True),
        ("TEXT/HTML ; charset=utf-8", True),
        ("application/json;q=0.5, text/html;q=0.6", True),
        ("application/json, text/html;q=0.9", False),
        ("application/graphql-response+json, application/json;q=0.9, text/html;q=0.1", False),
        ("text/html;q=0", False),
        ("text/html;q=much", False),
        ("text/html;q=nan", False),
        ("application/graphql-response+json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_who_asks_for_html_gets_the_page(app: Any, accept: str, wanted: bool) -> None:
    asked = app.client.get("/graphql?query=%7B__typename%7D", headers={"Accept": accept})
    assert is_page(asked) == wanted
    assert wanted or asked.json() == {"data": {"__typename": "Query"}} or asked.status_code == 406


def test_who_accepts_nothing_in_particular_gets_no_page(app: Any) -> None:
    request = app.client.build_request("GET", "/graphql?query=%7B__typename%7D")
    del request.headers["Accept"]
    assert app.client.send(request).json() == {"data": {"__typename": "Query"}}


def test_head_tells_of_the_page_alone(app: Any) -> None:
    head = app.client.head("/graphql", headers=BROWSER)
    assert is_page(head)
    assert int(head.headers["content-length"]) == len(page_of(app).content)
    assert head.content == b""


def test_operations_that_are_posted_are_run_for_browsers_too(app: Any) -> None:
    headers = {"Accept": "application/json, text/html;q=0.9"}
    answer = app.client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert answer.json() == {"data": {"__typename": "Query"}}


def test_caches_keep_the_page_and_the_answers_apart(app: Any) -> None:
    page = page_of(app)
    assert page.headers["vary"] == "Accept"
    assert page.headers["cache-control"] == "no-cache"


@with_bundle
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("graphiql.js", "text/javascript; charset=utf-8"),
        ("graphql.worker.js", "text/javascript; charset=utf-8"),
        ("graphiql.css", "text/css; charset=utf-8"),
        ("explorer.js", "text/javascript; charset=utf-8"),
        ("subscriptions.js", "text/javascript; charset=utf-8"),
        ("codicon.ttf", "font/ttf"),
        ("LICENSES.txt", "text/plain; charset=utf-8"),
    ],
)
def test_files_are_kept_for_long(app: Any, name: str, kind: str) -> None:
    folder = references(page_of(app).text)[0].rpartition("/")[0]
    file = app.client.get(f"/{folder}/{name}")
    assert file.headers["content-type"] == kind
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["x-content-type-options"] == "nosniff"
    again = app.client.get(f"/{folder}/{name}", headers={"If-None-Match": file.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "name", ["x.js", "..%2Fpage.py", "..%2F..%2Fplugin.py", "%2Fetc%2Fpasswd", "made-of.txt%00"]
)
def test_there_are_no_other_files(app: Any, name: str) -> None:
    folder = references(page_of(app).text)[0].rpartition("/")[0]
    assert app.client.get(f"/{folder}/{name}").status_code == 404


def test_the_login_offers_the_scopes_that_actions_ask_for(app: Any) -> None:
    page = page_of(app).text
    assert 'value="&lt;b&gt;&amp;bold"' in page
    assert "<b>" not in page
    assert 'data-url="debug/login"' in page


def test_there_is_no_login_without_the_debug_authenticator(serve: Any) -> None:
    with serve(ACTIONS, **SETTINGS, debug_authenticator=False) as app:
        assert "login" not in page_of(app).text


def test_the_api_may_stand_elsewhere(serve: Any) -> None:
    with serve(ACTIONS, **SETTINGS, graphql_path="/api/v1/graph ql") as app:
        page = page_of(app, "/api/v1/graph%20ql")
        assert 'data-url="../../debug/login"' in page.text
        for reference in references(page.text):
            if not reference.startswith("https:"):
                assert app.client.get(f"/api/v1/{reference}").status_code == 200


def test_production_has_none_of_it_unless_asked(serve: Any) -> None:
    with serve(ACTIONS, **SETTINGS, **PRODUCTION) as app:
        refused = app.client.get("/graphql", headers={"Accept": "text/html"})
        assert refused.status_code == 406
        assert not is_page(page_of(app))
        assert app.client.get("/graphql?query=%7B__typename%7D").status_code == 200
    with serve(ACTIONS, **SETTINGS, **PRODUCTION, docs=True) as app:
        assert is_page(page_of(app))
        assert "Introspection is off" in page_of(app).text
        assert "login" not in page_of(app).text


def test_the_page_says_whether_the_schema_can_be_asked_for(serve: Any, app: Any) -> None:
    assert "Introspection is off" not in page_of(app).text
    with serve(ACTIONS, **SETTINGS, graphql_introspection=False) as closed:
        assert "Introspection is off" in page_of(closed).text
    with serve(ACTIONS, **SETTINGS, **PRODUCTION, docs=True, graphql_introspection=True) as opened:
        assert "Introspection is off" not in page_of(opened).text


def test_without_a_bundle_the_page_takes_pinned_files_from_a_cdn(app: Any) -> None:
    page = explorer_page(app.runtime, bundled=False, introspection=True)
    assert "GraphiQL was not bundled" in page
    elsewhere = re.findall(r"<[^>]*https:[^>]*>", page)
    assert len(elsewhere) == 4
    for element in elsewhere:
        assert re.search(r"https://cdn\.jsdelivr\.net/npm/[a-z-]+@\d+\.\d+\.\d+/", element)
        assert re.search(r'integrity="sha384-[A-Za-z0-9+/]{64}" crossorigin="anonymous"', element)
    assert "script-src 'self' https://cdn.jsdelivr.net;" in content_security_policy(bundled=False)
