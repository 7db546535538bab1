"""The documentation page, and that it needs nobody but this host."""

import re
from typing import Any

import pytest

from servey_core import WEB_GET, action

PRODUCTION = {"env": "production", "jwt_secret_key": "k" * 32, "drain_seconds": 0}
SETTINGS = {"api_title": "Boxes & <more>"}


@action(triggers=WEB_GET)
async def say_hello(name: str) -> str:
    return f"Hello {name}!"


ACTIONS = [say_hello]


def test_the_page_refers_to_this_host_alone(app: Any) -> None:
    page = app.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Boxes &amp; &lt;more&gt;</title>" in page.text
    references = re.findall(r'(?:src|href|data-document)="([^"]*)"', page.text)
    assert len(references) == 7
    for reference in references:
        assert "//" not in reference
        assert app.get(f"/{reference}").status_code == 200
    assert "http" not in page.text


def test_browsers_are_told_to_load_from_this_host_alone(app: Any) -> None:
    policy = app.get("/docs").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert "http" not in policy
    assert "*" not in policy


def test_files_are_kept_for_long_and_the_page_is_not(app: Any) -> None:
    page = app.get("/docs")
    assert page.headers["cache-control"] == "no-cache"
    script = re.search(r'src="([^"]*bundle.js)"', page.text)
    assert script is not None
    response = app.get(f"/{script[1]}")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"].startswith("text/javascript")
    assert len(response.content) > 500_000


@pytest.mark.parametrize("name", ["x.js", "..%2F..%2Fplugin.py", "%2Fetc%2Fpasswd", "redoc.js"])
def test_there_are_no_other_files(app: Any, name: str) -> None:
    folder = re.search(r'href="([^"]*)/favicon.svg"', app.get("/docs").text)
    assert folder is not None
    assert app.get(f"/{folder[1]}/{name}").status_code == 404


def test_production_has_none_of_it_unless_asked(serve: Any) -> None:
    with serve(ACTIONS, **PRODUCTION) as app:
        assert app.get("/docs").status_code == 404
        assert app.get("/openapi.json").status_code == 404
        assert app.get("/actions/say-hello?name=World").status_code == 200
    with serve(ACTIONS, **PRODUCTION, docs=True) as app:
        assert app.get("/docs").status_code == 200
        assert app.get("/openapi.json").status_code == 200
