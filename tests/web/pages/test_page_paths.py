"""The web host's fast path to a page and the fuller one give the same answers, byte for byte."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import start_with

from servey_core import (
    ALLOW_AUTHENTICATED,
    Authorization,
    NotFound,
    SecureHashCacheControl,
    TtlCacheControl,
    WebPageTrigger,
    action,
)
from servey_core.plugins import Contribution
from servey_web import WebHost, WebRoute, create_app, token_of
from servey_web.pages.full_plans import FullPagePlan
from servey_web.pages.plans import Page, PagePlan
from servey_web.pages.routes import page_routes


@dataclass
class Pet:
    name: str
    age: int


@action(triggers=WebPageTrigger("/plain", template="pet.j2", block="body"))
async def plain(name: str = "Rex", age: int = 1) -> Pet:
    return Pet(name, age)


@action(triggers=WebPageTrigger("/pets/{name}", template="pet.j2", status=203))
def by_name(name: str, age: int | None = None) -> Pet:
    if name == "none":
        raise NotFound("no <such> pet")
    return Pet(name, 10 // (7 if age is None else age))


@action(
    triggers=WebPageTrigger("/kept", template="pet.j2"), cache_control=SecureHashCacheControl(9)
)
async def kept(name: str = "x") -> Pet:
    return Pet(name, 1)


@action(
    triggers=WebPageTrigger("/mine", template="who.j2"),
    access_control=ALLOW_AUTHENTICATED,
    cache_control=TtlCacheControl(9),
)
async def mine() -> str:
    return "mine"


@action(triggers=WebPageTrigger("/who", template="who.j2"), cache_control=TtlCacheControl(9))
async def who() -> str:
    return "x"


@action(triggers=WebPageTrigger("/waits", template="waits.j2"))
async def waits(name: str = "x") -> dict[str, Any]:
    return {"name": name, "items": [1, 2]}


@action(triggers=WebPageTrigger("/fails", template="fails.j2"))
async def fails(number: int = 1) -> int:
    return number


ACTIONS = [plain, by_name, kept, mine, who, waits, fails]
TEMPLATES = {
    "pet.j2": "<title>x</title>{% block body %}{{ model.name }}|{{ model.age }}{% endblock %}",
    "who.j2": "{{ authorization.subject if authorization }}|{{ page.url }}|{{ model }}",
    "waits.j2": "{{ model.name }}{% for one in model['items'] %}{{ one }}{% endfor %}",
    "fails.j2": "{{ 1 // model }}",
}
ID = re.compile(rb"x-request-id: .*\r\n|urn:servey:call:[0-9a-f-]+|nonce-[\w-]+|nonce=\"[\w-]+\"")


class Both:
    """One application by both paths."""

    def __init__(self, folder: Path) -> None:
        for name, text in TEMPLATES.items():
            (folder / name).write_text(text)
        given = {"templates": folder, "env": "production", "jwt_secret_key": "k" * 64}
        self.runtime = runtime = start_with(ACTIONS, **given)
        self.direct = create_app(runtime)
        own = next(one for one in runtime.plugins.all if one.name == "web")
        routes = [self._full(route) for route in page_routes(runtime)]
        self.full = WebHost([Contribution(own, route) for route in routes])

    def _full(self, route: WebRoute) -> WebRoute:
        plan = route.direct
        assert isinstance(plan, PagePlan)
        [binding] = route.bindings
        page = Page(binding, self.runtime, route.parameters, plan._find, {})
        return WebRoute(route.path, route.methods, FullPagePlan(page), (binding,))

    def answers(self, method: str, target: str, headers: Any) -> list[tuple[int, Any, bytes]]:
        return [
            asyncio.run(self._ask(app, method, target, headers)) for app in (self.direct, self.full)
        ]

    @staticmethod
    async def _ask(app: Any, method: str, target: str, headers: Any) -> tuple[int, Any, bytes]:
        path, _, query = target.partition("?")
        fields = [(b"host", b"localhost:8000"), *headers]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": fields,
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)
        added = (b"x-request-id", b"x-content-type-options", b"x-frame-options", b"referrer-policy")
        fields = [
            (name, ID.sub(b"", value))
            for name, value in sent[0]["headers"]
            if name not in (*added, b"cross-origin-opener-policy", b"content-length")
        ]
        body = b"".join(message["body"] for message in sent[1:])
        length = dict(sent[0]["headers"]).get(b"content-length")
        assert method == "HEAD" or length is None or int(length) == len(body)
        return sent[0]["status"], sorted(fields), ID.sub(b"", body)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    made = Both(tmp_path_factory.mktemp("templates"))
    yield made
    made.runtime.pool.close(2.0)


TARGETS = st.sampled_from(
    [
        *("/plain", "/plain?name=%3Cb%3E&age=2", "/plain?age=x&other=1", "/plain?age="),
        *("/pets/Rex", "/pets/none", "/pets/a?age=0", "/pets/a?age=", "/pets/a?age=3&age=4"),
        *("/kept", "/kept?name=%ff", "/mine", "/who?a", "/who", "/waits?name=b&name=c", "/waits"),
        *("/fails", "/fails?number=0"),
    ]
)
FIELDS = st.lists(
    st.sampled_from(
        [
            (b"accept", b"text/html"),
            (b"accept", b"application/json"),
            (b"hx-request", b"true"),
            (b"hx-boosted", b"true"),
            (b"if-none-match", b"*"),
            (b"cookie", b"a=b; servey_session=nonsense"),
            (b"authorization", b"Bearer nonsense"),
            (b"authorization", b"Basic YTpi"),
        ]
    ),
    unique_by=lambda field: field[0],
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(method=st.sampled_from(["GET", "HEAD"]), target=TARGETS, headers=FIELDS)
def test_both_paths(both: Both, method: str, target: str, headers: Any) -> None:
    direct, full = both.answers(method, target, headers)
    assert direct == full


def test_both_paths_with_a_caller(both: Both) -> None:
    token = token_of(both.runtime, Authorization("ann"))
    for target in ("/mine", "/who", "/plain"):
        headers = [(b"authorization", b"Bearer " + token.encode())]
        direct, full = both.answers("GET", target, headers)
        assert direct == full
        assert direct[0] == 200
        cookie = [(b"cookie", b"servey_session=" + token.encode())]
        direct, full = both.answers("GET", target, cookie)
        assert direct == full
        assert direct[0] == 200
    assert direct[2].startswith(b"<title>")


def test_the_fast_path_is_taken(both: Both) -> None:
    service = both.runtime.services()["web"].record
    for path in ("/plain", "/pets/x", "/kept", "/mine", "/who", "/waits", "/fails"):
        found = service.host.find_direct({"path": path, "raw_path": path.encode(), "method": "GET"})
        assert isinstance(found, PagePlan), path
