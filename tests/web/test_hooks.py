"""The web host's hooks: their page is true, and its examples work."""

import asyncio
import inspect
from importlib.metadata import entry_points

import httpx
import pytest

from servey_core import PluginError, UnservedTriggerError, start
from servey_web import RouteConflictError, create_app, hookspecs

HELLO = "from servey_core import action\n\n@action\ndef say_hello() -> str: ...\n"


@pytest.fixture
def use(workplace, monkeypatch):
    """Start an application that has the web host and a module as its only plugins."""
    workplace.write("actions.py", HELLO)

    def use(text):
        workplace.write("my_web_routes.py", text)
        others = {point.name for point in entry_points(group="servey")} - {"web"}
        monkeypatch.setenv("SERVEY_PLUGINS_DENY", ",".join(others))
        monkeypatch.setenv("SERVEY_PLUGIN_MODULES", "my_web_routes")
        return start()

    return use


@pytest.mark.parametrize("name", ["servey_web_routes", "servey_template_helpers"])
def test_the_page_has_their_exact_signatures(hook_page, name):
    declared = hook_page.signatures_in(hookspecs)
    assert list(declared) == ["servey_web_routes", "servey_template_helpers"]
    assert declared[name] == hook_page.signatures[name]
    assert "Called by the web host" in (inspect.getdoc(getattr(hookspecs, name)) or "")


async def _get(app, path):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path)


def test_servey_web_routes(use, hook_page):
    app = create_app(use(hook_page.example("my_web_routes")))
    assert asyncio.run(_get(app, "/names")).json() == ["say_hello"]


def test_servey_template_helpers(use, hook_page, workplace):
    workplace.write(
        "actions.py",
        "from servey_core import WebPageTrigger, action\n\n"
        "@action(triggers=WebPageTrigger('/'))\ndef show() -> str:\n    return 'Ann Bee'\n",
    )
    workplace.write("templates/show.j2", "{{ model | initials }} {{ actions | join(' ') }}")
    app = create_app(use(hook_page.example("my_template_helpers")))
    assert asyncio.run(_get(app, "/")).text == "AB show"


def test_two_claims_of_one_path_name_the_plugin(use, hook_page):
    text = hook_page.example("my_web_routes").replace("names)]", "names)] * 2")
    with pytest.raises(RouteConflictError, match=r"GET /names .* twice: .*'my_web_routes'"):
        create_app(use(text))


def test_something_else_than_a_route_names_the_plugin(use):
    runtime = use(
        "from servey_core import hookimpl\n@hookimpl\ndef servey_web_routes():\n    return [7]\n"
    )
    with pytest.raises(PluginError) as caught:
        create_app(runtime)
    assert str(caught.value) == (
        "Plugin 'my_web_routes' (distribution 'the application'): "
        "its servey_web_routes returned 7, where WebRoute or WebMount is expected."
    )


def test_a_route_may_serve_bindings(use, workplace):
    workplace.write(
        "actions.py",
        "from servey_core import WEB_GET, action\n\n"
        "@action(triggers=WEB_GET)\ndef say_hello() -> str: ...\n",
    )
    served = """
        from servey_core import hookimpl
        from servey_web import WebRoute

        @hookimpl
        def servey_web_routes(runtime):
            return [WebRoute("/hello", ("GET",), None, {bindings})]
    """
    create_app(use(served.format(bindings="runtime.bindings")))


def test_a_binding_that_no_route_serves_is_refused(use, workplace):
    workplace.write(
        "actions.py",
        "from servey_core import WEB_GET, action\n\n"
        "@action(triggers=WEB_GET)\ndef say_hello() -> str: ...\n",
    )
    with pytest.raises(UnservedTriggerError, match=r"'say_hello' \(.*py:3\): .*servey-rest"):
        create_app(use(""))
