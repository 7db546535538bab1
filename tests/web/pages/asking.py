"""How tests ask for pages, and what they read in them."""

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from serving import Served

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

_TOKEN = re.compile(r'name="csrf_token" value="([^"]*)"')


def write_templates(folder: Path, templates: Mapping[str, str]) -> Path:
    """A folder of templates."""
    for name, text in templates.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


class Pages(Served):
    """An application with pages."""

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page, as a browser does; underscores in names of headers are dashes."""
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={**BROWSER, **own})

    def send(self, path: str, data: Any, **options: Any) -> httpx.Response:
        """Open a form, fill it in, and send it."""
        page = self.get(path)
        headers = {**BROWSER, "Origin": self.url, **options.pop("headers", {})}
        data = {"csrf_token": token_in(page.text), **data}
        return self.client.post(path, data=data, headers=headers, **options)


def token_in(page: str) -> str:
    """The token in a page's form."""
    found = _TOKEN.search(page)
    assert found, page
    return unescape(found[1])


class Elements(HTMLParser):
    """The elements of a page as a browser makes them: name, attributes, and its own text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._texts: list[list[str]] = [[]]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs), []))

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][2].append(data)

    def named(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        """The attributes and the text of each element of a kind."""
        return [(attributes, "".join(texts)) for one, attributes, texts in self.found if one == tag]

    def value_of(self, name: str) -> str | None:
        """The value of the input of a name."""
        return next(one.get("value") for one, _ in self.named("input") if one.get("name") == name)
