"""Pages: the results of actions, rendered by templates."""

import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from serving import by_rest, needs_rest

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    Authorization,
    Header,
    NotFound,
    PageResponse,
    Redirect,
    Response,
    ScopeAccessControl,
    WebPageTrigger,
    action,
)


@dataclass
class Toy:
    name: str

    async def price(self) -> int:
        return len(self.name)


@dataclass
class Pet:
    name: str
    age: int = 3
    toys: list[Toy] = field(default_factory=list)

    async def friends(self) -> AsyncIterator[str]:
        yield "Tom"
        yield "Ann"


@action(triggers=WebPageTrigger("/"))
async def home() -> str:
    return "Welcome <you>"


@action(
    triggers=[
        WebPageTrigger(),
        WebPageTrigger("/pets/{name}/card", template="card.j2"),
        *by_rest(WEB_GET),
    ]
)
async def show_pet(name: str, age: int = 3) -> Pet:
    if name == "nobody":
        raise NotFound("There is no such pet.")
    return Pet(name, age, [Toy("ball"), Toy("bone")])


@action(triggers=WebPageTrigger("/sync"))
def in_thread() -> Pet:
    return Pet("Rex")


@action(triggers=WebPageTrigger("/waits"))
async def waits() -> Pet:
    return Pet("Rex", 3, [Toy("ball")])


@action(triggers=WebPageTrigger("/stream", template="listed.j2"))
async def streamed() -> AsyncIterator[Pet]:
    yield Pet("Rex")
    yield Pet("Tom")


@action(triggers=WebPageTrigger("/created", status=201, template="home.j2"))
async def created() -> str:
    return "made"


@action(triggers=[WebPageTrigger("/chosen/{kind}", template="home.j2"), *by_rest(WEB_GET)])
async def chosen(kind: str) -> str | PageResponse[str]:
    if kind == "other":
        return PageResponse("x", status=203, headers={"X-Kind": kind}, template="other.j2")
    if kind == "missing":
        return PageResponse("x", template="nowhere.j2")
    return kind


@action(triggers=WebPageTrigger("/told", template="home.j2"))
async def told(response: Response) -> str:
    response.set_cookie("seen", "1")
    response.headers["Content-Language"] = "de"
    return "told"


@action(triggers=WebPageTrigger("/away", template="home.j2"))
async def away(there: bool = False) -> str | Redirect:
    return "here" if there else Redirect("/sync")


@action(triggers=WebPageTrigger("/who"), access_control=ALLOW_AUTHENTICATED)
async def who(authorization: Authorization) -> str:
    return authorization.subject or ""


@action(
    triggers=WebPageTrigger("/root", template="home.j2"), access_control=ScopeAccessControl("root")
)
async def root() -> str:
    return "root"


@action(triggers=WebPageTrigger("/tongue", template="home.j2"))
async def tongue(accept_language: Annotated[str, Header()] = "en") -> str:
    return accept_language


@action(triggers=WebPageTrigger("/about"))
async def about(tag: list[str] | None = None) -> None:
    pass


@action(triggers=WebPageTrigger("/broken", template="home.j2"))
async def broken() -> str:
    raise RuntimeError("the database's password is hunter2")


@action(triggers=WebPageTrigger("/fails"))
async def fails_in_template(zero: int = 0) -> int:
    return zero


ACTIONS = [
    *(home, show_pet, in_thread, waits, streamed, created, chosen, told),
    *(away, who, root, tongue, about, broken, fails_in_template),
]
TEMPLATES = {
    "base.j2": "<!doctype html>\n<title>{% block title %}Pets{% endblock %}</title>"
    "<nav>{{ url_for('home') }}</nav>{% block content %}{% endblock %}\n",
    "home.j2": "{% extends 'base.j2' %}{% block content %}<p>{{ model }}</p>{% endblock %}",
    "other.j2": "other {{ model }}",
    "show_pet.j2": "{% extends 'base.j2' %}{% block title %}{{ model.name }} - {{ super() }}"
    "{% endblock %}{% block content %}<h1>{{ model.name }}, {{ model.age }}</h1>"
    "{% for toy in model.toys %}<li>{{ toy.name }}{{ loop.index }}</li>{% endfor %}{% endblock %}",
    "card.j2": "{% import 'macros.j2' as m %}{{ m.link('show_pet', model.name) }}",
    "macros.j2": "{% macro link(action, name) %}<a href='{{ url_for(action, name=name, age=2) }}'>"
    "{{ name }}</a>{% endmacro %}",
    "in_thread.j2": "{{ model.name }}",
    "waits.j2": "{{ model.toys[0].price() }}{% for one in model.friends() %} {{ one }}{% endfor %}"
    "{% include 'other.j2' %}",
    "listed.j2": "{{ model | map(attribute='name') | join(', ') }}",
    "who.j2": "{{ model }}/{{ authorization.subject }}/{{ authorization.scopes | sort | join }}",
    "about.j2": "{{ page.path }}|{{ page.url }}|{{ page.query.tag }}|{{ page.action }}"
    "|{{ page.method }}"
    "|{{ url_for('show_pet', name='a b/c', age=1) }}|{{ url_for('about', tag=['x', 'y&']) }}"
    "|{{ url_for('chosen', kind='a/b?') }}",
    "fails_in_template.j2": "one\n{{ 1 // model }}\n",
}


def test_a_page_is_html_made_of_the_result(app: Any) -> None:
    answer = app.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-security-policy" in answer.headers
    assert answer.text == (
        "<!doctype html>\n<title>Pets</title><nav>/</nav><p>Welcome &lt;you&gt;</p>"
    )


def test_the_path_is_the_action_s_name_and_arguments_are_in_the_query(app: Any) -> None:
    answer = app.get("/show-pet?name=Rex&age=5")
    assert "<title>Rex - Pets</title>" in answer.text
    assert "<h1>Rex, 5</h1><li>ball1</li><li>bone2</li>" in answer.text


def test_an_own_path_and_template_and_macros_that_know_the_functions(app: Any) -> None:
    answer = app.get("/pets/Tom%20&%20Co/card")
    assert answer.text == ("<a href='/show-pet?name=Tom+%26+Co&amp;age=2'>Tom &amp; Co</a>")


@needs_rest
def test_the_same_function_is_a_rest_endpoint(app: Any) -> None:
    assert app.get("/actions/show-pet?name=Rex").json()["name"] == "Rex"


def test_a_function_that_blocks_runs_in_a_thread(app: Any) -> None:
    assert app.get("/sync").text == "Rex"


def test_a_template_waits_for_what_it_calls_and_goes_through(app: Any) -> None:
    assert app.get(
        "/waits"
    ).text == "4 Tom Annother Pet(name='Rex', age=3, toys=[Toy(name='ball')])".replace("'", "&#39;")


def test_a_stream_is_a_list(app: Any) -> None:
    assert app.get("/stream").text == "Rex, Tom"


def test_the_trigger_s_status(app: Any) -> None:
    assert app.get("/created").status_code == 201


def test_a_page_response_chooses_status_headers_and_template(app: Any) -> None:
    answer = app.get("/chosen/other")
    assert (answer.status_code, answer.headers["x-kind"], answer.text) == (203, "other", "other x")
    assert "<p>plain</p>" in app.get("/chosen/plain").text


@needs_rest
def test_by_rest_a_page_response_is_its_model(app: Any) -> None:
    assert app.get("/actions/chosen?kind=other").json() == "x"


def test_a_template_that_only_the_run_names_may_be_missing(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = app.get("/chosen/missing")
    assert answer.status_code == 500
    assert "template 'nowhere.j2': it is not there." in str(caplog.records[-1].exc_info)


def test_a_response_has_what_an_action_adds(app: Any) -> None:
    answer = app.get("/told")
    assert answer.headers["content-language"] == "de"
    assert answer.cookies["seen"] == "1" or "seen=1" in answer.headers["set-cookie"]


def test_an_action_leads_elsewhere(app: Any) -> None:
    answer = app.get("/away")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sync")
    assert "<p>here</p>" in app.get("/away?there=true").text


def test_a_guarded_page_knows_the_caller(app: Any) -> None:
    answer = app.get("/who", **app.credentials("b", "a"))
    assert answer.text == "ann/ann/ab"
    assert app.get("/root", **app.credentials("other")).status_code == 403
    assert app.get("/root", **app.credentials("root")).status_code == 200


def test_a_parameter_is_read_from_a_header(app: Any) -> None:
    answer = app.get("/tongue", Accept_Language="de")
    assert "<p>de</p>" in answer.text
    assert answer.headers["vary"].lower() == "accept-language"


def test_what_a_template_knows_of_the_request(app: Any) -> None:
    parts = app.get("/about?tag=a%20b").text.split("|")
    assert parts == [
        "/about",
        "/about?tag=a%20b",
        "a b",
        "about",
        "GET",
        "/show-pet?name=a+b%2Fc&amp;age=1",
        "/about?tag=x&amp;tag=y%26",
        "/chosen/a%2Fb%3F",
    ]


def test_urls_stand_under_the_path_that_a_proxy_strips(serve: Any) -> None:
    with serve([home], TEMPLATES, root_path="/app") as app:
        assert "<nav>/app/</nav>" in app.get("/").text


def test_head_is_get_without_a_body(app: Any) -> None:
    got, headed = app.get("/"), app.client.head("/")
    assert headed.content == b""
    assert headed.headers["content-length"] == got.headers["content-length"]


def test_another_method_is_not_allowed(app: Any) -> None:
    answer = app.client.post("/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_failure_says_nothing_in_production(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    given = {"env": "production", "jwt_secret_key": "k" * 64}
    with serve([home, broken, fails_in_template], TEMPLATES, **given) as app:
        with caplog.at_level(logging.ERROR):
            answer = app.get("/broken")
        assert answer.status_code == 500
        assert "hunter2" not in answer.text
        assert "action 'broken' failed" in caplog.text
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            answer = app.get("/fails")
        assert answer.status_code == 500
        assert "ZeroDivisionError" not in answer.text
        assert "fails_in_template.j2" not in answer.text


def test_what_fails_in_a_template_is_logged_with_the_line(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = app.get("/fails")
    assert answer.status_code == 500
    assert "action 'fails_in_template' failed" in caplog.text
    assert "fails_in_template.j2:2): ZeroDivisionError" in caplog.text


def test_the_console_and_the_list_of_routes_show_pages(app: Any) -> None:
    service = app.runtime.services()["web"].record
    assert {"/", "/show-pet", "/sync"} <= set(service.host.pages)
    assert not any("{" in page for page in service.host.pages)


@needs_rest
def test_an_application_without_pages_needs_no_templates() -> None:
    code = (
        "import sys; from servey_core import action, WEB_GET, start, action_of\n"
        "from servey_web import create_app\n"
        "@action(triggers=WEB_GET)\nasync def hello() -> str: return 'x'\n"
        "create_app(start(actions=[action_of(hello)], given={'env': 'production',"
        " 'jwt_secret_key': 'k' * 64}))\n"
        "print('jinja2' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "False", ran.stderr
