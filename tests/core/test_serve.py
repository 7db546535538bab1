"""`servey serve`, by real processes and signals."""

import json
import re
import signal
import socket
import sys

import click
import pytest

from servey_core.actions import action, action_of
from servey_core.cli import targets
from servey_core.errors import SettingsError
from servey_core.serving import loop_factory
from servey_core.triggers import WebTrigger

GUARDED = """
from dataclasses import dataclass

from servey_core import Trigger, action


@dataclass(frozen=True)
class Tide(Trigger):
    served_by = "servey-tide"


@action(triggers=Tide())
def measure() -> float:
    return 1.0
"""

WEB = """
from servey_core import WEB_GET, WebTrigger, action


@action(triggers=[WEB_GET, WebTrigger("POST", "/hello")])
def say_hello(name: str) -> str:
    return name
"""

QUICK = {"SERVEY_GRACE_SECONDS": "0.3"}
PRODUCTION = {"SERVEY_ENV": "production", "SERVEY_JWT_SECRET_KEY": "k" * 40}


def test_it_says_what_is_served_where_and_by_whom(project):
    project.write("actions.py", WEB)
    serving = project.serve()
    serving.line("Serving echo")
    assert re.search(r"^Servey .*, development$", serving.text, re.MULTILINE)
    assert re.search(r"  GET /actions/say-hello +say_hello +\(the application\)", serving.text)
    assert re.search(r"  POST /hello +say_hello +\(the application\)", serving.text)
    [secret] = re.findall(r"SERVEY_JWT_SECRET_KEY=(\S{40,})", serving.text)
    assert "Made up at each start" in serving.text
    assert serving.ended(signal.SIGINT) == 0
    assert all(secret not in line for line in serving.text.splitlines() if line.startswith("{"))
    assert "Traceback" not in serving.text
    assert "Exception ignored" not in serving.text


def test_what_is_under_way_is_finished_after_sigterm(project):
    serving = project.serve()
    serving.line("Serving")
    with serving.connected("stop") as connection:
        serving.line("doing stop")
        serving.signal(signal.SIGTERM)
        assert serving.answer(connection) == {"answered": "after the stop"}
    assert serving.ended() == 0


def test_a_log_in_json_is_json_throughout_and_has_no_secret(project):
    options = {"SERVEY_LOG_FORMAT": "json", "SERVEY_ENV": "development", "SERVEY_PROT": "1"}
    serving = project.serve("--host=0.0.0.0", PYTHONWARNINGS="default", **options)
    serving.line("Serving")
    assert serving.ended(signal.SIGTERM) == 0
    messages = [json.loads(line)["message"] for line in serving.text.splitlines()]
    assert "Development mode on 0.0.0.0: everybody who reaches" in "".join(messages)
    assert "Made up at each start: SERVEY_JWT_SECRET_KEY." in "".join(messages)
    assert (
        "The environment variable SERVEY_PROT is not a setting. Did you mean 'SERVEY_PORT'?"
        in messages
    )
    assert not re.search(r"SECRET_KEY=", serving.text)


def test_what_blocks_the_event_loop_is_cut_as_well(project):
    serving = project.serve(**QUICK)
    serving.line("Serving")
    with serving.connected("block"):
        serving.line("doing block")
        assert serving.ended(signal.SIGTERM) == 0
    assert re.search("did not end within 0.3 s, .* at MainThread .*app_plugin.py:", serving.text)


def test_threads_cannot_hang_the_exit(project):
    serving = project.serve(SERVEY_LOOP="asyncio", **QUICK)
    serving.line("Serving")
    serving.ask("thread")
    serving.ask("executor")
    assert serving.ended(signal.SIGTERM) == 0
    assert re.search(r"did not end within 0.3 s, .* stuck \(", serving.text)


def test_the_loop_can_be_chosen():
    assert loop_factory("asyncio") is None


def test_uvloop_is_not_taken_for_granted(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory("auto") is None
    with pytest.raises(SettingsError, match="pip install uvloop"):
        loop_factory("uvloop")


def test_what_hangs_is_cut_after_the_grace_time(project):
    serving = project.serve(**QUICK)
    serving.line("Serving")
    serving.ask("hang")
    assert serving.ended(signal.SIGTERM) == 0
    assert "The service 'echo' did not stop within 0.3" in serving.text


def test_a_second_ctrl_c_ends_at_once(project):
    serving = project.serve(SERVEY_GRACE_SECONDS="600")
    serving.line("Serving")
    with serving.connected("stop") as connection:
        serving.ask("hang")
        serving.signal(signal.SIGINT)
        serving.answer(connection)
        assert serving.ended(signal.SIGINT) == 130


def test_a_crash_names_the_service_and_ends_with_1(project):
    serving = project.serve("--service=echo", "--service=ticker", APP_SERVICES="echo,ticker")
    serving.line("Serving echo, ticker")
    serving.ask("crash")
    assert serving.ended() == 1
    assert "The service 'echo' crashed: RuntimeError('the disk is full')" in serving.text
    assert "Traceback" in serving.text
    assert "no longer ticking" in serving.text


def test_an_unserved_trigger_is_an_error_before_anything_listens(project, refused):
    project.write("actions.py", GUARDED)
    project.write("app_plugin.py", project.plugin_without_bindings)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = refused(5, f"--port={taken.getsockname()[1]}")
    assert "pip install servey-tide" in text
    assert f"{project.folder / 'actions.py'}:" in text
    assert "listening" not in text


def test_a_missing_key_in_production_is_an_error_before_anything_listens(refused):
    text = refused(5, SERVEY_ENV="production")
    assert "SERVEY_JWT_SECRET_KEY" in text
    assert "listening" not in text


def test_without_any_service_it_says_what_to_install(refused):
    assert "pip install servey-web servey-rest" in refused(5, APP_SERVICES="none")


def test_an_error_in_the_users_code_is_shown_as_it_is(project, refused):
    project.write("actions.py", "import nowhere_to_be_found\n")
    text = refused(5)
    assert "ModuleNotFoundError: No module named 'nowhere_to_be_found'" in text
    assert 'actions.py", line 1' in text


def test_of_singletons_there_is_one_only(refused):
    text = refused(2, "--workers=2", APP_SERVICES="ticker")
    assert "of ticker there is one only" in text


def test_production_says_it_in_the_log(project):
    serving = project.serve("--host=0.0.0.0", **PRODUCTION)
    serving.line("Serving")
    assert serving.ended(signal.SIGTERM) == 0
    records = [json.loads(line) for line in serving.text.splitlines()]
    [first] = [one for one in records if one["logger"] == "servey.serve" and "actions" in one]
    assert first["message"].endswith(", production")
    assert first["actions"] == 1


def test_a_word_may_be_a_module_and_another_a_service(project):
    project.write("elsewhere/tides.py", GUARDED)
    serving = project.serve(
        "elsewhere/tides.py", "echo", SERVEY_LOG_FORMAT="console", APP_SERVICES="echo,ticker"
    )
    serving.line("Tide +measure +")
    serving.line("Serving echo")
    assert "ticking" not in serving.text
    assert serving.ended(signal.SIGTERM) == 0


def test_a_word_that_is_nothing_is_named(project, refused):
    assert "'helo' is neither a service nor a module" in refused(2, "helo")
    (project.folder / "actions.py").unlink()
    sys.modules.pop("actions")
    text = refused(5, "helo")
    assert "neither a file actions.py nor a package actions" in text
    assert "'helo' is not a module here either" in text


def test_which_words_are_modules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.py").touch()
    (tmp_path / "web").mkdir()
    (tmp_path / "code").mkdir()
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one.py").touch()
    words = ["here", "parts", "a.b", "x/y.py", "json", "web", "nothing", "click"]
    modules = [word for word in words if targets.is_module(word)]
    assert modules == ["here", "parts", "a.b", "x/y.py", "click"]


def test_the_path_of_a_web_trigger_is_its_own_or_follows_the_name():
    @action
    def say_hello() -> None: ...

    found = action_of(say_hello)
    assert WebTrigger().path_for(found) == "/actions/say-hello"
    assert WebTrigger("GET", "/hi").path_for(found) == "/hi"


def test_words_pick_services():
    services = ["web", "ticker"]
    assert targets.pick([], [], services) == services
    assert targets.pick(["x.y", "ticker"], [], services) == ["ticker"]
    assert targets.pick(["ticker"], ["web", "ticker"], services) == ["ticker", "web"]
    with pytest.raises(click.UsageError, match=r"'wep' is neither .* Services: ticker, web\."):
        targets.pick(["wep"], [], services)
    with pytest.raises(click.UsageError, match=r"no service 'click'\. Services: ticker, web\."):
        targets.pick([], ["click"], services)


def test_a_word_that_is_both_is_an_error():
    with pytest.raises(click.UsageError, match="--service click, or --actions click"):
        targets.pick(["click"], [], ["click", "web"])
    assert targets.pick([], ["click"], ["click", "web"]) == ["click"]
