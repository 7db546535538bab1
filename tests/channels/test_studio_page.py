"""The page of channels as HTML, with the bundle and without it."""

import re
from html.parser import HTMLParser

import pytest

from servey_channels.studio import cdn
from servey_channels.studio.page import content_security_policy, studio_page
from servey_core import Runtime, start, websocket_channel

FROM_CDN = re.compile(r"https://cdn\.jsdelivr\.net/npm/@asyncapi/[a-z-]+@\d+\.\d+\.\d+/\S+")


class Loaded(HTMLParser):
    """What a page has a browser load: the attributes of scripts and style sheets, by address."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("script", "link"):
            self.found[str(attributes.get("src") or attributes.get("href"))] = attributes


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return start(actions=[], channels=[websocket_channel("news", str)], given={"state": "memory:"})


def test_with_the_bundle_all_is_of_this_host(runtime: Runtime) -> None:
    page = studio_page(runtime, bundled=True)
    assert {"asyncapi.js", "asyncapi.css", "studio.js"} <= {
        address.rpartition("/")[2] for address in Loaded(page).found
    }
    assert "https:" not in page
    assert "https:" not in content_security_policy(bundled=True)
    assert "unsafe-eval" not in content_security_policy(bundled=True)


def test_without_the_bundle_pinned_files_come_from_a_cdn_and_the_page_says_so(
    runtime: Runtime,
) -> None:
    page = studio_page(runtime, bundled=False)
    assert "The renderer was not bundled" in page
    loaded = Loaded(page).found
    elsewhere = {url: given for url, given in loaded.items() if url.startswith("https:")}
    assert set(elsewhere) == {cdn.SCRIPT[0], cdn.STYLE[0]}
    for url, given in elsewhere.items():
        assert FROM_CDN.fullmatch(url)
        assert re.fullmatch(r"sha384-[A-Za-z0-9+/]{64}", str(given["integrity"]))
        assert given["crossorigin"] == "anonymous"
    assert not any(url.endswith(("/asyncapi.js", "/asyncapi.css")) for url in loaded)
    assert any(url.endswith("/studio.js") for url in loaded)
    policy = content_security_policy(bundled=False)
    assert "script-src 'self' https://cdn.jsdelivr.net " in policy
    assert "style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net;" in policy
    assert "connect-src 'self';" in policy
