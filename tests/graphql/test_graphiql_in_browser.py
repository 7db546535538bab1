"""The explorer as a browser shows it, and as somebody uses it."""

import itertools
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import IN_BROWSER, Page, browsing

from servey_core import WEB_GET, Authorization, ScopeAccessControl, action, websocket_channel
from servey_graphql.graphiql.assets import page_files
from servey_graphql.graphiql.cdn import CDN

IN_CI = os.environ.get("CI") == "true"
PASSWORD = "open, please"

pytestmark = [
    *IN_BROWSER,
    pytest.mark.skipif(
        not page_files().bundled and not IN_CI, reason="GraphiQL was not bundled: no npm"
    ),
]


@action(triggers=WEB_GET)
async def say_hello(name: str) -> str:
    """Greet somebody."""
    return f"Hello {name}!"


@action(triggers=WEB_GET, access_control=ScopeAccessControl("root"))
async def guarded(authorization: Authorization) -> str:
    """Be there for who may."""
    return f"Welcome, {authorization.subject}."


ACTIONS = [say_hello, guarded]
SETTINGS = {"debug_authenticator_password": PASSWORD, "plugin_modules": ["graphiql_pages"]}
PRODUCTION = {"env": "production", "jwt_secret_key": "k" * 32, "drain_seconds": 0, "docs": True}

QUERY = ".graphiql-query-editor textarea"
HEADERS = ".graphiql-editor-tool .graphiql-editor:not(.hidden) textarea"
ANSWER = ".graphiql-response .view-lines"
PASTE = """(() => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", %s);
  return new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
})()"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Page]:
    with browsing(tmp_path) as page:
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        yield page


@pytest.fixture
def page(app: Any, browser: Page) -> Iterator[Page]:
    browser.open(f"{app.url}/graphql")
    browser.wait_for("document.querySelector('.graphiql-query-editor .view-line') !== null")
    yield browser
    assert browser.complaints == []
    assert browser.requests
    assert all(url.startswith((f"{app.url}/", "data:")) for url in browser.requests)


def select_all(page: Page, editor: str) -> None:
    page.wait_for(f"document.querySelector('{editor}') !== null")
    page.evaluate(f"document.querySelector('{editor}').focus()")
    control_a = {"modifiers": 2, "key": "a", "code": "KeyA", "windowsVirtualKeyCode": 65}
    page.call("Input.dispatchKeyEvent", type="keyDown", **control_a)
    page.call("Input.dispatchKeyEvent", type="keyUp", **control_a)


def write(page: Page, editor: str, text: str) -> None:
    """Paste a text in place of what an editor has; typed brackets, it would close itself."""
    select_all(page, editor)
    page.evaluate(f"document.querySelector('{editor}').dispatchEvent({PASTE % json.dumps(text)})")
    shows(page, ".graphiql-editor", text)


def shows(page: Page, selector: str, text: str) -> None:
    """Wait until one of the elements shows a text."""
    shown = f"[...document.querySelectorAll('{selector}')].map((one) => one.innerText)"
    page.wait_for(f"{shown}.join().replaceAll('\\u00a0', ' ').includes({json.dumps(text)})")


def run(page: Page, query: str) -> None:
    write(page, QUERY, query)
    page.click(".graphiql-execute-button")


def log_in(page: Page, *scopes: str, password: str = PASSWORD) -> None:
    """Fill in the form of the debug authenticator, and send it."""
    page.click("#open-login:enabled")
    page.type("#login [name=username]", "ann")
    page.type("#login [name=password]", password)
    for scope in scopes:
        page.click(f'#login [value="{scope}"]')
    page.click("#login [type=submit]")


def test_a_query_is_written_and_run(page: Page) -> None:
    run(page, '{ sayHello(name: "World") }')
    shows(page, ANSWER, '"sayHello": "Hello World!"')


def test_a_subscription_shows_events_as_they_come(serve: Any, browser: Page) -> None:
    pytest.importorskip("servey_channels")
    counts = websocket_channel("counts", int)
    with serve([*ACTIONS, counts], channels_url="memory:") as app:
        transport = app.runtime.transport_of(counts)
        browser.open(f"{app.url}/graphql")
        browser.wait_for("document.querySelector('.graphiql-query-editor .view-line') !== null")
        run(browser, "subscription { counts }")
        browser.wait_for("document.querySelector('[aria-label^=\"Stop\"]') !== null")
        stop = threading.Event()

        def publish() -> None:
            for number in itertools.count():
                transport.publish(counts, b"%d" % number)
                if stop.wait(0.1):
                    return

        publishing = threading.Thread(target=publish)
        publishing.start()
        try:
            shown = f"(document.querySelector('{ANSWER}')?.innerText ?? '')"
            browser.wait_for(f"{shown}.includes('counts')")
            first = browser.evaluate(shown)
            browser.wait_for(f"{shown} !== {json.dumps(first)}")
        finally:
            stop.set()
            publishing.join()
        browser.click(".graphiql-execute-button")
        browser.wait_for("document.querySelector('[aria-label^=\"Stop\"]') === null")
        assert browser.complaints == []


def test_what_is_typed_is_completed(page: Page) -> None:
    page.click("[aria-label='Show Documentation Explorer']")
    page.click("a.graphiql-doc-explorer-type-name")  # the schema is known
    select_all(page, QUERY)
    for letter in "{ say":
        page.call("Input.insertText", text=letter)
    shows(page, ".suggest-widget", "sayHello")
    workers = {url.rpartition("/")[2] for url in page.requests if "worker" in url}
    assert workers == {"editor.worker.js", "graphql.worker.js", "json.worker.js"}


def test_what_can_be_asked_is_documented(page: Page) -> None:
    page.click("[aria-label='Show Documentation Explorer']")
    page.click("a.graphiql-doc-explorer-type-name")
    shows(page, ".graphiql-plugin", "sayHello")


def test_a_guarded_action_is_asked_after_a_login(page: Page) -> None:
    run(page, "{ guarded }")
    shows(page, ANSWER, '"status": 401')
    log_in(page, "root")
    assert page.text("#who").startswith("ann, until ")
    page.click(".graphiql-execute-button")
    shows(page, ANSWER, '"guarded": "Welcome, ann."')


def test_a_login_without_the_scope_is_not_enough(page: Page) -> None:
    log_in(page)
    shows(page, ".graphiql-editor-tool", '"Authorization": "Bearer ey')
    run(page, "{ guarded }")
    shows(page, ANSWER, '"status": 403')


def test_a_login_leaves_the_other_headers(page: Page) -> None:
    shows(page, ".graphiql-editor-tool", '{ "Authorization": "Bearer …" }')
    write(page, HEADERS, '{"X-Own": "kept", "authorization": "Bearer old"} // mine')
    log_in(page)
    shows(page, ".graphiql-editor-tool", '"X-Own": "kept"')
    shows(page, ".graphiql-editor-tool", '"Authorization": "Bearer ey')
    assert '"authorization"' not in page.text(".graphiql-editor-tool")


def test_a_wrong_password_is_told(page: Page) -> None:
    log_in(page, password="guess")
    shows(page, "#login [role=alert]", "The password is not right.")
    page.complaints.clear()  # the browser's own, of the status 400


def test_a_query_may_be_in_the_address(app: Any, browser: Page) -> None:
    browser.open(f"{app.url}/graphql?query=%7B+sayHello(name:%22you%22)+%7D")
    browser.click(".graphiql-execute-button:enabled")
    shows(browser, ANSWER, "Hello you!")


def test_it_says_that_there_is_no_introspection(serve: Any, browser: Page) -> None:
    with serve(ACTIONS, **SETTINGS, **PRODUCTION) as app:
        browser.open(f"{app.url}/graphql")
        assert "Introspection is off" in browser.text(".notice")
        run(browser, '{ sayHello(name: "World") }')
        shows(browser, ANSWER, '"sayHello": "Hello World!"')
        asked = [url for url in browser.requests if url == f"{app.url}/graphql"]
    assert len(asked) == 2  # the page, and the query
    assert browser.complaints == []
    assert not browser.evaluate("document.getElementById('open-login') !== null")


def test_without_a_bundle_and_a_network_it_says_so(app: Any, browser: Page) -> None:
    browser.open(f"{app.url}/without-bundle")
    shows(browser, "#explorer", "GraphiQL could not be loaded.")
    assert "loads an older GraphiQL from https://cdn" in browser.text(".notice")
    elsewhere = [url for url in browser.requests if not url.startswith(f"{app.url}/")]
    assert len(elsewhere) == 4
    assert all(url.startswith(f"{CDN}/npm/") for url in elsewhere)
