import json
import signal
import subprocess

from waiting import PATIENCE

ACTIONS = """
import asyncio
import sys

from servey_core import action

print("while it is imported")


@action
def say_hello(name: str) -> str:
    print("while it runs")
    return f"Hello {name}!"


@action
def fail() -> None:
    {}["missing"]


@action
async def wait() -> None:
    print("it waits", file=sys.stderr, flush=True)
    await asyncio.Event().wait()
"""


def test_the_result_alone_goes_to_stdout(project):
    project.write("actions.py", ACTIONS)
    ended = project.servey("run", "say_hello", "--event", "-", stdin='{"name": "Ü"}')
    assert (ended.code, ended.out) == (0, '"Hello Ü!"\n')
    assert ended.err == "while it is imported\nwhile it runs\n"


def test_actions_may_be_somewhere_else(project):
    project.write("elsewhere/them.py", ACTIONS)
    ended = project.servey("run", "say_hello", "--name", "Al", "--actions", "elsewhere.them")
    assert ended.out == '"Hello Al!"\n'
    ended = project.servey("run", "--actions=elsewhere/them.py", "say_hello", "--name", "Al")
    assert ended.out == '"Hello Al!"\n'


def test_an_unforeseen_failure_shows_the_users_own_traceback(project):
    file = project.write("actions.py", ACTIONS)
    ended = project.servey("run", "fail")
    assert ended.code == 1
    assert f'File "{file}", line 18, in fail' in ended.err
    assert "KeyError: 'missing'" in ended.err
    assert "servey_core/" not in ended.err
    assert "error: Internal error.\n" in ended.err


def test_a_failure_as_json_leaves_stdout_to_the_problem(project):
    project.write("actions.py", ACTIONS)
    ended = project.servey("run", "fail", "--json", SERVEY_ENV="production")
    problem = json.loads(ended.out)
    assert problem["status"] == 500
    assert "exception" not in problem
    assert problem["instance"] in ended.err


def test_ctrl_c_ends_an_action(project):
    project.write("actions.py", ACTIONS)
    with subprocess.Popen(
        project.command("run", "wait"),
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any(line == "it waits\n" for line in process.stderr)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, "", "Interrupted.\n")


def test_an_error_in_the_users_module_is_shown_as_it_is(project):
    helper = project.write(
        "helper.py",
        "error = LookupError('the price list is gone')\n"
        "error.add_note('Order a new one.')\n"
        "raise error\n",
    )
    file = project.write("actions.py", "import helper\n")
    ended = project.servey("run", "say_hello")
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == (
        "Traceback (most recent call last):\n"
        f'  File "{file}", line 1, in <module>\n'
        "    import helper\n"
        f'  File "{helper}", line 3, in <module>\n'
        "    raise error\n"
        "LookupError: the price list is gone\n"
        "Order a new one.\n"
    )


def test_a_syntax_error_is_shown_where_it_is(project):
    file = project.write("actions.py", "def say_hello(:\n")
    ended = project.servey("actions")
    assert ended.code == 5
    assert f'  File "{file}", line 1' in ended.err
    assert "servey_core" not in ended.err


def test_an_error_of_configuration_has_no_traceback(project):
    text = "from servey_core import action\n\n@action\ndef guess(a) -> int:\n    return 0\n"
    file = project.write("actions.py", text)
    ended = project.servey("run", "guess")
    assert ended.code == 5
    assert ended.err == (f"error: Action 'guess' ({file}:3): parameter 'a' has no annotation.\n")


def test_no_actions_is_said_with_what_to_do(project):
    ended = project.servey("run", "say_hello")
    assert ended.code == 5
    assert ended.err.startswith("error: No actions: ")
    assert "servey new NAME" in ended.err


def test_a_setting_that_is_wrong_or_unknown_is_said(project):
    project.write("actions.py", ACTIONS)
    ended = project.servey("run", "say_hello", "--name", "Al", SERVEY_PORT="many")
    assert ended.code == 5
    assert ended.err.startswith("error: The setting 'port' (from environment variable SERVEY_PORT)")
    del project.environment["PYTHONWARNINGS"]
    ended = project.servey("run", "say_hello", "--name", "Al", SERVEY_PROT="1")
    assert ended.code == 0
    assert ended.err.startswith(
        "warning: The environment variable SERVEY_PROT is not a setting. "
        "Did you mean 'SERVEY_PORT'?\n"
    )


def test_run_without_a_name_shows_its_help(project):
    ended = project.servey("run", "--help")
    assert ended.code == 0
    for code in ("0", "1", "2", "3", "4", "5", "130"):
        assert f"\n    {code} " in ended.out
