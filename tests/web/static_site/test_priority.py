"""Files come last: actions, FastAPI's routes, documents and health go before."""

import pytest
from serving import Served, needs_rest

from servey_core import WEB_GET, WebPageTrigger, WebTrigger, action

pytestmark = needs_rest

ROUTERS = """
from fastapi import APIRouter

router = APIRouter()


@router.get("/from-router")
async def from_router() -> str:
    return "router"


@router.get("/items/{number}")
async def item(number: int) -> int:
    return number


@router.post("/posted")
async def posted() -> str:
    return "router"
"""


@action(triggers=WEB_GET)
async def greeting() -> str:
    """Greet."""
    return "action"


@action(triggers=WebTrigger("GET", "/page.html"))
async def page() -> str:
    """Be at the path of a file."""
    return "action"


@action(triggers=WebTrigger("GET", "/things/{name}"))
async def thing(name: str) -> str:
    """Be at many paths."""
    return name


@action(triggers=WebTrigger("POST", "/form.html"))
async def form() -> str:
    """Take what is posted."""
    return "action"


@action(triggers=WebPageTrigger("/"))
async def welcome() -> str:
    """Be a page where a folder has its index."""
    return "page"


@pytest.fixture
def served(folder, workplace):
    workplace.write("templates/welcome.j2", "{{ model }} {{ asset_url('css/site.css') }}")
    for name in (
        "index.html",
        "css/site.css",
        "actions/greeting",
        "page.html",
        "things/a.txt",
        "form.html",
        "from-router",
        "items/7",
        "posted",
        "docs/index.html",
        "openapi.json",
        "livez",
        "readyz",
        "other.txt",
    ):
        folder.write(name, "file")
    workplace.write("routers.py", ROUTERS)
    functions = [greeting, page, thing, form, welcome]
    with Served.running(functions, fastapi_routers="routers:router") as running:
        yield running


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/actions/greeting", '"action"'),
        ("/page.html", '"action"'),
        ("/things/a.txt", '"a.txt"'),
        ("/from-router", '"router"'),
        ("/items/7", "7"),
        ("/other.txt", "file"),
        ("/docs/", "file"),
    ],
)
def test_what_goes_before(served, path, content):
    answer = served.client.get(path)
    assert (answer.status_code, answer.text) == (200, content)
    head = served.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(content))


def test_pages_go_before_and_lead_to_files(served):
    shown, url = served.client.get("/").text.split()
    assert shown == "page"
    answer = served.client.get(url)
    assert (answer.status_code, answer.text) == (200, "file")
    assert "immutable" in answer.headers["cache-control"]


def test_documents_and_health_go_before(served):
    assert "swagger" in served.client.get("/docs").text
    assert served.client.get("/openapi.json").json()["openapi"]
    for path in ("/livez", "/readyz"):
        assert served.client.get(path).text != "file"


def test_another_method_of_a_path_that_is_taken_is_no_way_to_a_file(served):
    answer = served.client.get("/form.html")
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert served.client.get("/posted").status_code == 405
    assert served.client.head("/posted").status_code == 405


def test_what_is_nowhere_is_told_as_ever(served):
    for path in ("/nothing", "/items/7/8", "/actions/nothing"):
        answer = served.client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert served.client.head(path).status_code == 404


def test_a_websocket_is_no_file(served):
    head = (
        b"GET /other.txt HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert served.exchange(head).startswith(b"HTTP/1.1 403")
