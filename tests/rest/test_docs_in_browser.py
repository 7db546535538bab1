"""The documentation page as a browser shows it, and as somebody uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import IN_BROWSER, Page, browsing

from servey_core import WEB_GET, Authorization, ScopeAccessControl, action

PASSWORD = "open, please"

pytestmark = IN_BROWSER


@action(triggers=WEB_GET)
async def say_hello(name: str) -> str:
    """Greet somebody, as seen in the browser."""
    return f"Hello {name}!"


@action(triggers=WEB_GET, access_control=ScopeAccessControl("root"))
async def guarded(authorization: Authorization) -> str:
    """Be there for who may."""
    return f"Welcome, {authorization.subject}."


ACTIONS = [say_hello, guarded]
SETTINGS = {"api_title": "Greetings", "debug_authenticator_password": PASSWORD}

OPERATION = "#operations-actions-guarded"
ANSWER = f"{OPERATION} .live-responses-table tbody"
LOGIN = ".auth-container:has(#oauth_username)"


@pytest.fixture
def page(app: Any, tmp_path: Path) -> Iterator[Page]:
    with browsing(tmp_path) as page:
        page.open(f"{app.url}/docs")
        page.wait_for("document.querySelector('.opblock') !== null")
        yield page
        assert page.requests
        assert all(url.startswith((f"{app.url}/", "data:")) for url in page.requests)


def open_operation(page: Page) -> None:
    page.click(f"{OPERATION} .opblock-summary-control")
    page.text(f"{OPERATION} .responses-inner .response")  # before, it cannot be executed


def execute(page: Page) -> str:
    """Press "Execute", and read the status of the answer."""
    if page.evaluate(f"document.querySelector('{OPERATION} .btn-clear') !== null"):
        page.click(f"{OPERATION} .btn-clear")
    page.click(f"{OPERATION} .execute")
    return page.text(f"{ANSWER} .response-col_status").split()[0]


def log_in(page: Page, *scopes: str, password: str = PASSWORD) -> None:
    """Fill in the form of the debug authenticator, and send it."""
    page.click(".btn.authorize")
    page.type("#oauth_username", "ann")
    page.type("#oauth_password", password)
    for scope in scopes:
        page.click(f'{LOGIN} .scopes input[data-value="{scope}"] + label')
    page.click(f"{LOGIN} .modal-btn.authorize")


def close_login(page: Page) -> None:
    """Close the form, which says who is logged in."""
    assert page.text(".auth-container h6") == "Authorized"
    page.click(".btn-done")


def test_the_page_shows_the_actions(page: Page) -> None:
    shown = page.text("#docs")
    for text in ("Greetings", "/actions/say-hello", "as seen in the browser.", "Authorize"):
        assert text in shown
    assert page.complaints == []


def test_a_guarded_action_is_tried_after_a_login(page: Page) -> None:
    open_operation(page)
    assert execute(page) == "401"
    log_in(page, "root")
    close_login(page)
    assert execute(page) == "200"
    assert "Welcome, ann." in page.text(f"{ANSWER} .response-col_description")


def test_a_login_without_the_scope_is_not_enough(page: Page) -> None:
    log_in(page)
    close_login(page)
    open_operation(page)
    assert execute(page) == "403"


def test_a_wrong_password_is_told(page: Page) -> None:
    log_in(page, password="guess")
    assert "The password is not right." in page.text(f"{LOGIN} .errors")
