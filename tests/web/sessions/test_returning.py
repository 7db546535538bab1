"""After a login, nobody is sent to another host (CWE-601)."""

import re

import pytest
from visiting import Browser

from servey_web.sessions.returning import own_target

OWN = [
    "/",
    "/diary",
    "/diary?a=1&b=//x",
    "/diary#part",
    "/a%2F%2Fb",
    "/%5Cevil.example",
    "/ünder",
    "/@evil.example",
    "/:80",
    "/a?next=https://evil.example",
]

NASTY = [
    "",
    "diary",
    "?a=1",
    "https://evil.example",
    "HTTPS://evil.example/",
    "https:/evil.example",
    "https:evil.example",
    "//evil.example",
    "///evil.example",
    "//evil.example@127.0.0.1/",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "/\x00/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "\x0b//evil.example",
    "/a\r\nSet-Cookie: a=b",
    "/a\x7f",
    "/a\x85",
    "/.//evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/a\\b",
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:a@evil.example",
    ".evil.example",
    "@evil.example",
    "/" + "a" * 3000,
    "\u2028//evil.example",
]


@pytest.mark.parametrize("target", OWN)
def test_a_path_of_this_host_is_a_place_to_go_on(target: str) -> None:
    assert own_target(target) == target


@pytest.mark.parametrize("target", NASTY)
def test_what_may_lead_elsewhere_is_none(target: str) -> None:
    assert own_target(target) is None


def test_nobody_is_sent_elsewhere(browser: Browser) -> None:
    for target in NASTY:
        if "\x00" in target:  # which is refused wherever it stands
            continue
        answer = browser.log_in(next=target)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "evil" not in browser.get("/login", params={"next": target}).text


def test_who_logs_out_is_sent_nowhere_else_either(browser: Browser) -> None:
    browser.log_in()
    form = {"csrf_token": browser.token("/login"), "next": "//evil.example"}
    assert browser.post("/logout", data=form).headers["location"] == "/"


def test_what_a_target_has_beside_ascii_is_escaped(browser: Browser) -> None:
    location = browser.log_in(next="/ünder?a=ß").headers["location"]
    assert location == "/%C3%BCnder?a=%C3%9F"
    assert re.fullmatch(r"[!-~]+", location)
