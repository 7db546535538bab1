"""The page of channels as a browser shows it, and as somebody uses it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chromium import IN_BROWSER, Page, browsing
from talk_server import PASSWORD, talking

from servey_channels.studio.assets import page_files

IN_CI = os.environ.get("CI") == "true"

pytestmark = [
    *IN_BROWSER,
    pytest.mark.skipif(
        not page_files().bundled and not IN_CI, reason="the renderer was not bundled: no npm"
    ),
]

ANNOUNCE = "#operations-actions-announce"


@pytest.fixture(scope="module")
def server() -> Iterator[httpx.Client]:
    with talking() as client:
        yield client


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("browser")) as page:
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        yield page


@pytest.fixture
def page(server: httpx.Client, browser: Page) -> Iterator[Page]:
    browser.requests.clear()
    browser.complaints.clear()
    open_studio(browser, server)
    yield browser
    assert browser.complaints == []
    assert all(url.startswith((str(server.base_url), "data:")) for url in browser.requests)


def open_studio(page: Page, server: httpx.Client) -> None:
    page.open("about:blank")
    page.open(f"{server.base_url}/asyncapi")
    page.wait_for("document.querySelector('#channels li') !== null")


def of(channel: str) -> str:
    return f'#channels [data-channel="{channel}"]'


def logged(page: Page, kind: str, text: str) -> None:
    """Wait until a message of a kind is in the log, with a text."""
    items = f"[...document.querySelectorAll('#log li[data-kind=\"{kind}\"]')]"
    page.wait_for(f"{items}.some((one) => one.innerText.includes({json.dumps(text)}))")


def subscribe(page: Page, channel: str) -> None:
    page.click(f"{of(channel)} [aria-describedby][type=button]")


def log_in(page: Page, *scopes: str, password: str = PASSWORD) -> None:
    page.click("#open-login")
    page.type("#debug-login [name=username]", "ann")
    page.type("#debug-login [name=password]", password)
    for scope in scopes:
        page.click(f'#scopes [value="{scope}"]')
    page.click("#debug-login [type=submit]")


def press(page: Page, key: str, code: int) -> None:
    text = {"text": "\r"} if key == "Enter" else {}
    options = {"key": key, "code": key, "windowsVirtualKeyCode": code, **text}
    page.call("Input.dispatchKeyEvent", type="keyDown", **options)
    page.call("Input.dispatchKeyEvent", type="keyUp", **options)


def test_the_document_is_shown(page: Page) -> None:
    page.wait_for("document.querySelector('#document .aui-root') !== null")
    shown = page.text("#document")
    for text in ("Actions", "What is said, to everybody.", "/subscription", "1013"):
        assert text in shown


def test_what_the_rest_page_publishes_arrives(
    page: Page, server: httpx.Client, tmp_path: Path
) -> None:
    """Log in, subscribe, publish from the page of the REST API, and see it arrive."""
    log_in(page, "orders")
    assert page.text("#who").startswith("ann, until ")
    subscribe(page, "messenger")
    logged(page, "subscribed", "messenger")
    subscribe(page, "orders")
    logged(page, "subscribed", "orders")
    with browsing(tmp_path) as docs:
        docs.open(f"{server.base_url}/docs")
        docs.click(f"{ANNOUNCE} .opblock-summary-control")
        docs.text(f"{ANNOUNCE} .responses-inner .response")
        docs.click(f"{ANNOUNCE} .execute")
        status = docs.text(f"{ANNOUNCE} .live-responses-table tbody .response-col_status")
        assert status.split()[0] == "200"
    logged(page, "event", '"text":"string"')  # Swagger UI's own example


def test_something_is_sent_and_acknowledged(page: Page) -> None:
    page.click("#connect")
    page.wait_for("document.getElementById('state').innerText === 'Connected'")
    data = "JSON.parse(document.getElementById('send-data').value)"
    assert page.evaluate(data) == {"text": "hello"}  # the first example
    subscribe(page, "messenger")
    logged(page, "subscribed", "messenger")
    page.click("#send [type=submit]")
    logged(page, "ack", "5")
    logged(page, "event", "hello")


def test_what_is_refused_of_what_was_sent_says_where_it_is_wrong(page: Page) -> None:
    page.click("#connect")
    page.wait_for("document.getElementById('state').innerText === 'Connected'")
    page.evaluate("document.getElementById('send-data').value = '{}'")
    page.click("#send [type=submit]")
    assert "#/text: Field required" in page.text("#send-hint")


def test_a_refusal_is_highlighted(page: Page) -> None:
    subscribe(page, "orders")
    logged(page, "error", "401")
    log_in(page)
    logged(page, "error", "403")
    log_in(page, "orders")
    logged(page, "subscribed", "orders")


def test_events_are_replayed_since_a_position(page: Page, server: httpx.Client) -> None:
    subscribe(page, "messenger")
    logged(page, "subscribed", "messenger")
    server.post("/actions/announce", json={"text": "once"}).raise_for_status()
    logged(page, "event", "once")
    page.click("#clear")
    assert page.evaluate("document.getElementById('log').childElementCount") == 0
    page.click(f"{of('messenger')} .replay button")
    logged(page, "event", "once")
    subscribe(page, "messenger")
    logged(page, "unsubscribed", "messenger")


def test_a_wrong_password_is_told(page: Page) -> None:
    log_in(page, password="guess")
    assert "The password is not right." in page.text("#debug-login [role=alert]")
    page.complaints.clear()  # the browser's own, of the status 400


def test_what_is_no_json_is_not_sent(page: Page) -> None:
    page.evaluate("document.getElementById('send-data').value = '{'")
    page.click("#send [type=submit]")
    assert "This is no JSON" in page.text("#send-hint")


def test_it_is_used_by_the_keyboard_alone(page: Page) -> None:
    page.evaluate("document.getElementById('connect').focus()")
    press(page, "Enter", 13)
    page.wait_for("document.getElementById('state').innerText === 'Connected'")
    reached = set()
    for _ in range(60):
        press(page, "Tab", 9)
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
    wanted = {"open-login", "send-channel", "send-example", "send-data", "clear", "log"}
    assert wanted | {"Subscribe", "Replay", "Send"} <= reached


def test_every_control_has_a_name(page: Page) -> None:
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "textbox", "combobox", "checkbox", "link")
    within = [one for one in nodes if one.get("role", {}).get("value") in roles]
    unnamed = [one for one in within if not one.get("ignored") and not one["name"]["value"]]
    assert len(within) > 10
    studio = page.evaluate("document.querySelectorAll('#studio button').length")
    assert studio >= 8
    assert [one for one in unnamed if one["role"]["value"] != "link"] == []
