import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from servey_core import Settings
from servey_core.cli import exits
from servey_core.cli.plugged import chosen_names

GREETER = """
from servey_core import Command, hookimpl


def load():
    import click

    return click.Command("greet", callback=lambda: click.echo("Good day."))


@hookimpl
def servey_commands():
    return [Command("greet", "Greet the user.", load)]
"""


def cpu_seconds(run):
    """What processes take that a function runs: the least of three, as the first may compile."""

    def once():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    return min(once() for _ in range(3))


def test_help_is_quick(project):
    project.install("greeter", GREETER)

    def ask():
        assert "greet" in project.servey("--help").out

    needed = [sys.executable, "-c", "import click, importlib.metadata, pluggy"]
    used, least = cpu_seconds(ask), cpu_seconds(lambda: subprocess.run(needed, check=True))
    assert used < 3 * least, f"servey --help took {used:.2f} s of CPU, its imports {least:.2f} s"


def test_help_imports_nothing_heavy(project):
    done = subprocess.run(
        [project.command()[0], "-X", "importtime", "-m", "servey_core", "--help"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {
        *("pydantic", "pydantic_core", "pydantic_settings", "asyncio", "jose", "structlog"),
        *("servey_core.settings", "servey_core.runtime", "servey_core.cli.run"),
    }


def test_help_lists_every_command(project):
    ended = project.servey("--help")
    for name in ("actions", "config", "doctor", "generate", "new", "plugins", "run", "serve"):
        assert f"\n  {name} " in ended.out


def test_every_command_has_its_own_help(servey):
    for name in ("actions", "config", "doctor", "generate", "new", "plugins", "run", "serve"):
        ended = servey([], name, "--help")
        assert ended.code == 0, name
        assert f"Usage: servey {name}" in ended.out


def test_a_plugin_adds_commands(project):
    project.install("greeter", GREETER)
    assert "\n  greet     Greet the user.\n" in project.servey("--help").out
    assert project.servey("greet").out == "Good day.\n"


def test_a_denied_plugin_adds_none(project):
    project.install("greeter", GREETER)
    project.write("pyproject.toml", '[tool.servey]\nplugins_deny = ["greeter"]\n')
    del project.environment["SERVEY_PLUGINS_DENY"]
    ended = project.servey("greet")
    assert ended.code == 2
    assert "There is no command 'greet'." in ended.err


def test_a_broken_plugin_breaks_neither_help_nor_other_commands(project):
    project.install("broken", "raise RuntimeError('out of order')")
    project.install("greeter", GREETER)
    ended = project.servey("--help")
    assert ended.code == 0
    assert "greet" in ended.out
    text = " ".join(ended.out.split())
    assert "Plugin 'broken' (distribution 'servey-broken')" in text
    assert "out of order" in text
    assert project.servey("greet").out == "Good day.\n"


def test_a_broken_command_names_its_plugin(project):
    project.install("greeter", GREETER.replace("import click", "import no_such_module"))
    ended = project.servey("greet")
    assert ended.code == 5
    assert ended.err.startswith(
        "error: Plugin 'greeter' (distribution 'servey-greeter'): its command 'greet' cannot be "
        "loaded: ModuleNotFoundError"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rnu", "Did you mean 'run'?"),
        ("routes", "It comes with servey-web: pip install servey-web"),
        ("xyz", "Known: actions,"),
    ],
)
def test_an_unknown_command_is_answered_with_what_could_be_meant(servey, name, hint):
    ended = servey([], name)
    assert ended.code == 2
    assert f"There is no command '{name}'. {hint}" in ended.err


def test_unreadable_settings_do_not_break_help(project):
    project.write("pyproject.toml", "[tool.servey\n")
    ended = project.servey("--help")
    assert ended.code == 0
    assert "pyproject.toml cannot be read" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("variables", "table"),
    [
        ({}, ""),
        ({"SERVEY_PLUGINS": "web, rest,"}, 'plugins = ["other"]'),
        ({"servey_plugins_deny": "web"}, ""),
        ({"SERVEY_PLUGINS": ""}, 'plugins = "web, rest"'),
        ({"SERVEY_PLUGIN_MODULES": "a.b"}, 'plugins_deny = ["rest"]'),
    ],
)
def test_plugins_are_chosen_as_the_settings_choose_them(tmp_path, monkeypatch, variables, table):
    for name in [name for name in os.environ if "SERVEY" in name.upper()]:
        monkeypatch.delenv(name)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    (tmp_path / "pyproject.toml").write_text(f"[tool.servey]\n{table}\n")
    monkeypatch.chdir(tmp_path)
    core = Settings.load().core
    assert chosen_names() == (core.plugins, core.plugins_deny, core.plugin_modules)


def test_the_exit_statuses_are_documented():
    page = Path(__file__).parents[3] / "docs" / "command-line.md"
    if not page.exists():  # the source distribution is without the documents
        pytest.skip("there are no documents here")
    text = page.read_text()
    for code, meaning in exits.MEANINGS.items():
        assert f"| {code} | {meaning}" in text
