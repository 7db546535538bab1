import json
import re
import socket
from pathlib import Path

import pytest

from servey_core import WEB_GET, ScopeAccessControl, WebTrigger, action

ACTIONS = """
from servey_core import WEB_GET, action

@action
def say_hello(name: str) -> str:
    return f"Hello {name}!"
"""

GENERATORS = """
from servey_core import Artifact, Generator, hookimpl


@hookimpl
def servey_generators():
    def names(runtime):
        return [Artifact("n.txt", "Ü" + ",".join(runtime.actions))]

    def several(runtime):
        return [Artifact("a.txt", "A"), Artifact("below/names.txt", ",".join(runtime.actions))]

    return [
        Generator("names", "The names.", names),
        Generator("several", "Several files.", several),
        Generator("stray", "A stray file.", lambda runtime: [Artifact("../stray.txt", "")]),
    ]
"""


@action(triggers=[WEB_GET, WebTrigger("POST", "/greet")])
def greet() -> str:
    """Greet.

    At length.
    """
    return ""


@action(access_control=ScopeAccessControl("b") & ScopeAccessControl("a") | ScopeAccessControl("c"))
def guarded() -> None:
    pass


def test_actions_are_listed(servey):
    ended = servey([greet, guarded], "actions")
    heading, first, second = ended.out.splitlines()
    assert heading.split() == ["NAME", "TRIGGERS", "ACCESS", "DECLARED", "DESCRIPTION"]
    assert first.split()[:5] == ["greet", "GET,", "POST", "/greet", "allow-all"]
    assert first.endswith("Greet.")
    assert "scope a and b or c" in second


def test_actions_are_listed_as_json(servey):
    (row,) = json.loads(servey([greet], "actions", "--json").out)
    place = row.pop("declared")
    assert place.rpartition(":")[0].endswith("test_cli_reports.py")
    assert row == {
        "name": "greet",
        "triggers": ["GET", "POST /greet"],
        "access": "allow-all",
        "description": "Greet.",
    }


def test_plugins_are_listed_with_what_is_broken(project):
    project.install(
        "sound", "from servey_core import hookimpl\n@hookimpl\ndef servey_actions(): ..."
    )
    project.install("broken", "raise RuntimeError('out of order')")
    project.install("denied", "raise SystemExit('never imported')")
    rows = json.loads(project.servey("plugins", "--json", SERVEY_PLUGINS_DENY="denied").out)
    by_name = {row["name"]: row for row in rows}
    assert by_name["core"]["state"] == "loaded"
    assert by_name["denied"]["state"] == "denied"
    assert by_name["sound"] == {
        "name": "sound",
        "state": "loaded",
        "distribution": "servey-sound",
        "version": "1.2",
        "hooks": ["servey_actions"],
        "cause": "",
    }
    assert by_name["broken"]["state"] == "BROKEN"
    assert "out of order" in by_name["broken"]["cause"]
    assert "servey_broken.py:1" in by_name["broken"]["cause"]
    text = project.servey("plugins", SERVEY_PLUGINS_DENY="denied").out
    assert re.search("^broken +BROKEN +servey-broken", text, re.MULTILINE)
    assert by_name["broken"]["cause"] in text


def test_config_says_where_each_value_comes_from(project):
    project.write("pyproject.toml", '[tool.servey]\nthreads = 7\nthraeds = 8\nhost = "0.0.0.0"\n')
    ended = project.servey("config", "--json", SERVER_PORT="99", SERVEY_JWT_SECRET_KEY="hidden" * 9)
    report = json.loads(ended.out)
    found = {row["setting"]: row for row in report["settings"]}
    assert (found["threads"]["value"], found["threads"]["origin"]) == (7, "pyproject.toml")
    assert found["port"]["value"] == 99
    assert found["port"]["origin"] == "environment variable SERVER_PORT"
    assert found["port"]["variable"] == "SERVEY_PORT"
    assert found["strict"]["origin"] == "default"
    assert "hidden" not in ended.out
    assert found["jwt_secret_key"]["value"] == "**********"
    assert report["unknown"] == ["[tool.servey] thraeds is not a setting. Did you mean 'threads'?"]


def test_config_is_a_table_for_people(servey, monkeypatch):
    monkeypatch.setenv("SERVEY_LOG_LEVEL", "warning")
    ended = servey([], "config")
    heading, *rows = ended.out.splitlines()
    assert heading.split() == ["SETTING", "VALUE", "ORIGIN", "VARIABLE", "DESCRIPTION"]
    (row,) = [row for row in rows if row.startswith("log_level ")]
    assert row.split()[1:6] == ["warning", "environment", "variable", *["SERVEY_LOG_LEVEL"] * 2]


def test_config_warns_of_what_is_unknown(servey, monkeypatch):
    monkeypatch.setenv("SERVEY_PROT", "1")
    with pytest.warns(UserWarning, match="SERVEY_PROT"):  # of the fixture's own start
        ended = servey([], "config")
    assert "warning: The environment variable SERVEY_PROT is not a setting." in ended.err


@pytest.fixture
def generate(servey, tmp_path, monkeypatch):
    """Runs `servey generate` in an empty folder, with generators of a plugin."""
    (tmp_path / "generators_for_tests.py").write_text(GENERATORS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVEY_PLUGIN_MODULES", "generators_for_tests")
    return lambda *arguments: servey([greet], "generate", *arguments)


def test_generators_are_listed(generate):
    ended = generate()
    assert ended.code == 0
    assert "names    generators_for_tests  The names." in ended.out


def test_a_single_file_goes_to_stdout(generate):
    ended = generate("names")
    assert (ended.code, ended.out) == (0, "Ügreet")


def test_files_are_written_and_checked(generate):
    missing = generate("several", "--check", "out")
    assert missing.code == 1
    assert missing.err == "out/a.txt is missing.\nout/below/names.txt is missing.\n"
    written = generate("several", "-o", "out")
    assert written.out == "out/a.txt\nout/below/names.txt\n"
    assert Path("out/below/names.txt").read_text() == "greet"
    assert generate("several", "--check", "out").code == 0
    Path("out/a.txt").write_text("B")
    stale = generate("several", "--check", "out")
    assert (stale.code, stale.err) == (1, "out/a.txt differs.\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("name",), 5, "error: No generator is named 'name'. Did you mean 'names'?\n"),
        (("several",), 2, "several makes 2 files: say where to, by -o FOLDER."),
        (("stray", "-o", "out"), 5, "'../stray.txt' is not below out."),
        (("several", "-o", "out", "--check", "out"), 2, "Give --output or --check, not both."),
    ],
)
def test_what_cannot_be_generated_is_said(generate, arguments, code, said):
    ended = generate(*arguments)
    assert ended.code == code
    assert said in ended.err
    assert not Path("stray.txt").exists()


def findings(ended):
    return [(row["level"], row["subject"], row["detail"]) for row in json.loads(ended.out)]


def test_the_doctor_finds_a_sound_application_sound(project):
    project.write("actions.py", ACTIONS)
    ended = project.servey("doctor", SERVEY_PORT="0")
    assert ended.code == 0
    assert "FAIL" not in ended.out
    assert "ok    actions: 1 found.\n" in ended.out
    assert "warn  services: There is nothing for `servey serve` to run" in ended.out


def test_the_doctor_says_what_is_wrong_and_what_to_do(project):
    project.install("broken", "raise RuntimeError('out of order')")
    project.write("actions.py", ACTIONS.replace("@action", "@action(triggers=WEB_GET)"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = project.servey(
            "doctor",
            "--json",
            SERVEY_ENV="production",
            SERVEY_PORT=str(taken.getsockname()[1]),
            SERVEY_STRICT="no",
            SERVEY_PROT="1",
        )
    assert ended.code == 1
    found = {(level, subject): detail for level, subject, detail in findings(ended)}
    assert "SERVEY_PLUGINS_DENY=broken" in found["fail", "plugin broken"]
    assert "SERVEY_JWT_SECRET_KEY" in found["fail", "authorizer"]
    assert "servey-rest" in found["fail", "triggers"]
    assert "Choose another: SERVEY_PORT" in found["warn", "port"]
    settings = [detail for level, subject, detail in findings(ended) if subject == "settings"]
    assert ["SERVEY_PROT" in settings[0], "strict is off" in settings[1]] == [True, True]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("raise KeyError('x')", "They cannot be imported: KeyError('x')"),
        ("from servey_core import action\n@action\ndef f(a) -> None: ...", "has no annotation"),
    ],
)
def test_the_doctor_names_what_is_wrong_with_the_actions(project, text, detail):
    file = project.write("actions.py", text)
    ended = project.servey("doctor", "--json")
    assert ended.code == 1
    (found,) = [found for level, subject, found in findings(ended) if level == "fail"]
    assert detail in found
    assert str(file) in found


def test_the_doctor_warns_of_development_that_others_can_reach(project):
    project.write("actions.py", ACTIONS)
    found = findings(
        project.servey("doctor", "--json", SERVEY_ENV="development", SERVEY_HOST="0.0.0.0")
    )
    safety = [detail for level, subject, detail in found if (level, subject) == ("warn", "safety")]
    assert any("0.0.0.0" in detail for detail in safety)


def test_the_doctor_reports_settings_that_cannot_be_read(project):
    ended = project.servey("doctor", "--json", SERVEY_PORT="many")
    assert ended.code == 1
    assert findings(ended)[0][:2] == ("fail", "settings")
