"""Sessions as a browser keeps them, and policies as it enforces them."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from chromium import IN_BROWSER, Page, browsing
from serving import Served
from visiting import PASSWORD

pytestmark = IN_BROWSER


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browsing(tmp_path) as page:
        yield page


@pytest.fixture
def evil(app: Served) -> Iterator[str]:
    """A site of somebody else: its pages hold a form, and a frame, of the application's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"""<!doctype html><title>Evil</title>
                <form method="post" action="{app.url}/logout">
                  <input name="csrf_token" value="x"><button>Win</button></form>
                <iframe src="{app.url}/" id="frame"></iframe>""".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def arrive(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page that is on its way."""
    while True:
        try:
            page.wait_for(expression)
        except AssertionError as error:
            if "navigated" not in str(error):
                raise
        else:
            return


def heading(text: str) -> str:
    """The expression for a page with a heading."""
    return f"document.querySelector('h1')?.innerText === '{text}'"


def log_in(page: Page, scopes: str = "read") -> None:
    """Fill in the login page, and send it."""
    page.type("input[name=username]", "ann")
    page.type("input[name=password]", PASSWORD)
    page.type("input[name=scope]", scopes)
    page.click("form:has(input[name=password]) button")


def test_somebody_is_asked_to_log_in_comes_back_and_logs_out(app: Served, page: Page) -> None:
    page.open(f"{app.url}/diary")
    arrive(page, heading("Log in"))
    log_in(page)
    arrive(page, heading("Diary of ann"))
    assert page.evaluate("location.pathname") == "/diary"
    assert page.evaluate("document.cookie") == ""
    page.click("form button")
    arrive(page, heading("Home"))
    page.open(f"{app.url}/diary")
    arrive(page, heading("Log in"))
    assert not any("Content Security Policy" in one for one in page.complaints)


def test_a_script_without_a_nonce_does_not_run_and_one_with_it_does(
    app: Served, page: Page
) -> None:
    page.open(f"{app.url}/scripted")
    arrive(page, "document.readyState === 'complete' && document.querySelector('#shown')")
    assert page.text("#shown") == "nothing"
    assert any("Content Security Policy" in one for one in page.complaints)
    page.open(f"{app.url}/nonced")
    arrive(page, "document.querySelector('#shown')?.innerText === 'nonced'")
    style = "getComputedStyle(document.querySelector('#shown')).color"
    assert page.evaluate(style) == "rgb(1, 2, 3)"


def test_another_site_cannot_frame_a_page_or_send_a_form(
    app: Served, page: Page, evil: str
) -> None:
    page.open(f"{app.url}/login")
    log_in(page)
    arrive(page, heading("Home"))
    page.open(evil)
    arrive(page, "document.title === 'Evil'")
    arrive(page, "performance.getEntriesByType('navigation')[0]?.loadEventEnd > 0")
    assert page.evaluate("document.querySelector('#frame').contentDocument") is None
    assert any("frame-ancestors" in one for one in page.complaints)
    page.click("button")
    arrive(page, "document.body?.innerText.includes('another site')")
    page.open(f"{app.url}/diary")
    arrive(page, heading("Diary of ann"))
