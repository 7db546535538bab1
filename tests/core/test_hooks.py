"""Every hook: its page is true, and its example works."""

import asyncio
import inspect
import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from servey_core import (
    Authorization,
    Context,
    UnservedTriggerError,
    aenqueue_many,
    enqueue,
    hookspecs,
    start,
)
from servey_core.services import run_services

HELLO = """
from servey_core import Example, action

@action(tags="timed", examples=Example("world", {"name": "World"}, "Hello World!"))
def say_hello(name: str) -> str:
    return f"Hello {name}!"
"""
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("servey_"))


@pytest.fixture
def use(workplace, hook_page, monkeypatch):
    """Start an application that has an example's module as its only plugin."""
    workplace.write("actions.py", HELLO)

    def use(name):
        workplace.write(f"{name}.py", hook_page.example(name))
        installed = {point.name for point in entry_points(group="servey")}
        monkeypatch.setenv("SERVEY_PLUGINS_DENY", ",".join(installed))
        monkeypatch.setenv("SERVEY_PLUGIN_MODULES", name)
        return start()

    return use


def call(runtime, action, **params):
    invoker = runtime.invoker(action)
    text = json.dumps(params).encode()
    outcome = asyncio.run(
        invoker.invoke(invoker.signature.from_json, text, Context(surface="test"))
    )
    return outcome.value


def test_the_page_has_each_with_its_exact_signature(hook_page):
    declared = hook_page.signatures_in(hookspecs)
    assert sorted(declared) == HOOKS
    assert {name: hook_page.signatures.get(name) for name in HOOKS} == declared


@pytest.mark.parametrize("name", HOOKS)
def test_each_says_when_it_is_called(name):
    text = inspect.getdoc(getattr(hookspecs, name))
    assert text is not None
    assert "Called by" in text


@pytest.mark.parametrize("name", HOOKS)
def test_each_has_a_test(name):
    assert f"def test_{name}(" in Path(__file__).read_text()


def test_servey_settings(use, monkeypatch):
    monkeypatch.setenv("SERVEY_CAKE_LAYERS", "5")
    settings = {one.name: one for one in use("my_settings").settings}
    assert settings["cake_layers"].value == 5
    assert settings["cake_layers"].origin == "environment variable SERVEY_CAKE_LAYERS"


def test_servey_commands(use, capfd):
    from servey_core.cli import command_line

    use("my_commands")
    command_line(["count"], standalone_mode=False)
    assert capfd.readouterr().out == "1 actions\n"


def test_servey_actions(use):
    runtime = use("my_actions")
    assert sorted(runtime.actions) == ["say_hello", "version"]
    assert call(runtime, "version") == "1.2"


def test_servey_channels(use):
    weather = use("my_channels").channels["weather"]
    assert weather.to_json("fine") == b'"fine"'


def test_servey_channel_transports(use):
    runtime = use("my_channel_transports")
    import my_channel_transports

    notices = my_channel_transports.Board("notices", str)
    runtime = start(actions=[], channels=[notices])
    runtime.require_served([])
    transport = runtime.transport_of(notices)
    transport.publish(notices, notices.to_json("lost: a cat"))
    assert transport.pinned == [b'"lost: a cat"']


def test_servey_middleware(use, capsys):
    assert call(use("my_middleware"), "say_hello", name="Al") == "Hello Al!"
    assert capsys.readouterr().out == "test: 0.0 s\n"


def test_servey_authorizers(use, monkeypatch):
    monkeypatch.setenv("SERVEY_AUTHORIZER", "guests")
    assert use("my_authorizers").authorizer.authorize("ann").subject == "ann"


def test_servey_task_queues(use, workplace, monkeypatch):
    monkeypatch.setenv("SERVEY_TASK_QUEUE", "at-once")
    workplace.write(
        "actions.py",
        """
        from servey_core import Authorization, action

        SENT = []

        @action
        def send_mail(to: str, sender: Authorization) -> None:
            SENT.append((to, sender.subject))
        """,
    )
    use("my_task_queues")
    from actions import SENT, send_mail

    ann = Authorization("ann")
    job = enqueue(send_mail, to="ben", sender=ann)
    asyncio.run(aenqueue_many.using(authorization=ann)(send_mail, [{"to": "cat"}]))
    assert SENT == [("ben", "ann"), ("cat", "ann")]
    assert asyncio.run(job.status()) is None


def test_servey_state_stores(use, monkeypatch):
    monkeypatch.setenv("SERVEY_STATE", "shelf:")
    state = use("my_state_stores").state

    async def scenario():
        assert await state.add("key", b"one", 60) is None
        assert await state.add("key", b"two", 60) == b"one"
        assert await state.replace("key", b"one", b"two", 60)
        assert await state.remove("key", b"two")
        assert await state.get("key") is None

    asyncio.run(scenario())


def test_servey_services(use, workplace):
    workplace.write(
        "actions.py",
        """
        from my_services import AtStart
        from servey_core import action

        STARTED = []

        @action(triggers=AtStart())
        def note() -> None:
            STARTED.append("started")
        """,
    )
    runtime = use("my_services")
    services = [one.record for one in runtime.services().values()]
    runtime.require_served(services)
    with pytest.raises(UnservedTriggerError):
        runtime.require_served([])

    async def run():
        stop = asyncio.Event()
        await run_services(services, grace_seconds=5, stop=stop, ready=stop.set)

    asyncio.run(run())
    assert runtime.actions["note"].function.__globals__["STARTED"] == ["started"]


def test_servey_generators(use):
    (artifact,) = use("my_generators").generate("names")
    assert (artifact.path, artifact.text) == ("names.txt", "say_hello\n")


def test_servey_surfaces(use):
    from servey_core import Surface

    runtime = use("my_surfaces")
    found = runtime.plugins.collect_named("servey_surfaces", Surface, runtime=runtime)
    action = runtime.actions["say_hello"]

    async def replies():
        async with found["postcard"].record.open() as caller:
            return await caller(action, {"name": "Al"}, None), await caller(action, {}, None)

    good, bad = asyncio.run(replies())
    assert good.result == "Hello Al!"
    assert bad.problem is not None
    assert bad.problem["status"] == 422


def test_servey_channel_surfaces(use):
    from servey_core import ChannelSurface, Heard, websocket_channel

    runtime = use("my_channel_surfaces")
    found = runtime.plugins.collect_named(
        "servey_channel_surfaces", ChannelSurface, runtime=runtime
    )
    surface, news = found["noticeboard"].record, websocket_channel("news", str)
    assert surface.serves(news)

    async def heard():
        async with surface.open() as publish:
            return await publish(news, "hello", [None])

    assert asyncio.run(heard()) == [Heard(("hello",))]


def test_servey_add_hookspecs(use):
    plugins = use("my_hookspecs").plugins
    toppings = plugins.collect("cake_toppings", str, season="autumn")
    assert [one.record for one in toppings] == ["plums"]
