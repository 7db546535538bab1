"""What pages may load and do (Content Security Policy Level 3)."""

import re
from typing import Any

import pytest
from serving import Served, needs_rest
from visiting import BY_HTTPS, Browser

from servey_core import SettingsError
from servey_web.sessions.policies import ContentPolicy

DEFAULT = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)


def policies_of(browser: Browser, path: str, **options: Any) -> list[str]:
    return browser.get(path, **options).headers.get_list("content-security-policy")


@pytest.mark.parametrize("path", ["/", "/notes", "/login", "/diary"])
@pytest.mark.parametrize("headers", [{}, BY_HTTPS])
def test_a_page_has_one_policy(browser: Browser, path: str, headers: dict[str, str]) -> None:
    [policy] = policies_of(browser, path, headers={"Accept": "text/html", **headers})
    if path != "/login":
        assert policy == DEFAULT
    assert "frame-ancestors 'none'" in policy


def test_a_sent_form_has_it_too(browser: Browser) -> None:
    form = {"text": "a", "csrf_token": browser.token("/notes")}
    assert browser.post("/notes", data=form).headers["content-security-policy"] == DEFAULT


@needs_rest
def test_what_is_no_page_has_the_hosts(app: Served, browser: Browser) -> None:
    policies = policies_of(browser, "/actions/diary", headers=app.credentials("read"))
    assert policies == ["frame-ancestors 'none'"]


def test_the_other_security_headers_stay(browser: Browser) -> None:
    headers = browser.get("/").headers
    for name in ("x-content-type-options", "x-frame-options", "referrer-policy"):
        assert len(headers.get_list(name)) == 1


def test_a_nonce_is_new_each_time_and_stands_in_policy_and_page(browser: Browser) -> None:
    nonces = set()
    for _ in range(3):
        answer = browser.get("/nonced")
        in_page = set(re.findall(r'nonce="([^"]+)"', answer.text))
        assert len(in_page) == 1
        [nonce] = in_page
        policy = answer.headers["content-security-policy"]
        assert f"script-src 'self' 'nonce-{nonce}'" in policy
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert answer.headers["cache-control"] == "no-store"
        nonces |= in_page
    assert len(nonces) == 3
    assert all(len(nonce) >= 22 for nonce in nonces)


def test_a_setting_replaces_it(serve: Any) -> None:
    policy = "default-src 'none'; img-src https://img.example"
    with serve(content_security_policy=policy) as app, Browser(app.url) as browser:
        assert policies_of(browser, "/") == [policy]
        assert browser.get("/").headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "policy", ["", "default-src ünsafe", "default-src 'self'\nSet-Cookie: a=b"]
)
def test_a_policy_that_cannot_be_sent_is_told(serve: Any, policy: str) -> None:
    with (
        pytest.raises(SettingsError, match="content_security_policy"),
        serve(content_security_policy=policy),
    ):
        pass


@pytest.mark.parametrize(
    ("policy", "nonced"),
    [
        (
            "default-src 'self'",
            "default-src 'self'; script-src 'self' 'nonce-n'; style-src 'self' 'nonce-n'",
        ),
        (
            "default-src 'none'; style-src 'unsafe-inline'; script-src-elem a.b",
            (
                "default-src 'none'; style-src 'unsafe-inline'; script-src-elem a.b 'nonce-n'; "
                "script-src 'nonce-n'"
            ),
        ),
        ("script-src 'NONE'; script-src b.example", "script-src 'nonce-n'"),
        ("img-src *;; frame-ancestors %b", "img-src *; frame-ancestors %b"),
        (
            "Default-Src a; STYLE-SRC-ELEM b",
            (
                "default-src a; style-src-elem b 'nonce-n'; script-src a 'nonce-n'; "
                "style-src a 'nonce-n'"
            ),
        ),
    ],
)
def test_a_nonce_goes_where_scripts_and_styles_are_restricted(policy: str, nonced: str) -> None:
    [(name, value)] = ContentPolicy(policy).with_nonce("n")
    assert name == b"content-security-policy"
    assert sorted(value.decode().split("; ")) == sorted(nonced.split("; "))
