import enum
import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, NewType

import pytest
from pydantic import Field

from servey_core import (
    Authorization,
    Conflict,
    Example,
    NotFound,
    ProblemError,
    ScopeAccessControl,
    Unavailable,
    action,
    start,
)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Query:
    name: str
    min_size: int = 3


@dataclass
class Deep:
    queries: list[Query]


@dataclass
class Person:
    name: str

    @action
    def shout(self, times: int = 1) -> str:
        return self.name.upper() * times


Percent = NewType("Percent", int)


@action(examples=Example("world", {"name": "World"}, "Hello World!"))
def say_hello(name: str, times: int = 1) -> str:
    """Greet somebody.

    At some length.

    Args:
        name: Whom to greet.
    """
    return f"Hello {name * times}!"


@action
async def echo(
    words: list[str] | None = None,
    numbers: frozenset[int] = frozenset(),
    query: Query | None = None,
    deep: Deep | None = None,
    loud: bool = False,
    colour: Colour = Colour.RED,
    mode: Literal["fast", "slow", 3] = "fast",
    day: date | None = None,
    share: Annotated[Percent, Field(le=100)] = Percent(50),
    anything: dict[str, int] | None = None,
    number_or_text: int | str | None = None,
) -> dict[str, str]:
    """Say what came in."""
    return {name: repr(value) for name, value in locals().items() if value}


@action
def colliding(
    event: str,
    as_: str,
    json: bool,
    token: int,
    help: str,  # noqa: A002
    actions: str,
) -> list[object]:
    """Have parameters of the same names as the command's own options."""
    return [event, as_, json, token, help, actions]


@action(access_control=ScopeAccessControl("root"))
def secret(who: Authorization) -> str:
    return f"of {who.subject}"


@action
def find_person(name: str) -> Person:
    return Person(name)


class Teapot(ProblemError):  # noqa: N818 - an exception's name is its problem's title
    status = 418


@action
def fail(how: str) -> None:
    raise {
        "not found": NotFound("There is no such thing.", wanted=5),
        "conflict": Conflict(),
        "teapot": Teapot(),
        "unavailable": Unavailable(),
    }.get(how) or KeyError(how)


def result_of(ended):
    assert ended.code == 0, ended.err
    assert ended.err == ""
    assert ended.out.endswith("\n")
    return json.loads(ended.out)


def test_options_are_made_from_the_signature(servey):
    assert result_of(servey([say_hello], "run", "say_hello", "--name", "Al")) == "Hello Al!"
    ended = servey([say_hello], "run", "say_hello", "--name=Al", "--times", "2")
    assert result_of(ended) == "Hello AlAl!"


def test_an_action_goes_by_its_name_in_urls_too(servey):
    assert result_of(servey([say_hello], "run", "say-hello", "--name", "Ü")) == "Hello Ü!"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--words 007 --words=-x", {"words": "['007', '-x']"}),
        ("--words one", {"words": "['one']"}),
        ("--numbers 2 --numbers 2 --numbers 4", {"numbers": "frozenset({2, 4})"}),
        ("--loud", {"loud": "True"}),
        ("--loud --no-loud", {}),
        ("--colour blue", {"colour": "<Colour.BLUE: 'blue'>"}),
        ("--mode 3", {"mode": "3"}),
        ("--day 2024-02-29", {"day": "datetime.date(2024, 2, 29)"}),
        ("--share 100", {"share": "100"}),
        ('--anything {"a":1}', {"anything": "{'a': 1}"}),
        ("--number-or-text x", {"number_or_text": "'x'"}),
        ("--query.name x --query.min-size 9", {"query": "Query(name='x', min_size=9)"}),
        ('--query {"name":"x"}', {"query": "Query(name='x', min_size=3)"}),
        (
            '--deep {"queries":[{"name":"x"}]}',
            {"deep": "Deep(queries=[Query(name='x', min_size=3)])"},
        ),
    ],
)
def test_texts_mean_what_the_annotations_say(servey, arguments, expected):
    defaults = {"colour": "<Colour.RED: 'red'>", "mode": "'fast'", "share": "50"}
    ended = servey([echo], "run", "echo", *arguments.split())
    assert result_of(ended) == {**defaults, **expected}


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ("--numbers one", "#/numbers/0"),
        ("--colour green", "#/colour"),
        ("--share 101", "#/share"),
        ("--day tomorrow", "#/day"),
        ("--query.min-size 1", "#/query/name"),
        ('--query {"name":"x"} --query.name=y', "#/query%5Bname%5D"),
    ],
)
def test_each_bad_field_is_named(servey, arguments, pointer):
    ended = servey([echo], "run", "echo", *arguments.split())
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("error: Invalid input.\n")
    assert f"  {pointer}: " in ended.err
    assert "  (urn:servey:call:" in ended.err


def test_a_parameter_that_collides_is_given_by_another_name(servey):
    arguments = [
        *("--arg-event", "e", "--arg-as", "a", "--arg-json", "--arg-token", "1"),
        *("--arg-help", "h", "--arg-actions", "x"),
    ]
    ended = servey([colliding], "run", "colliding", *arguments)
    assert result_of(ended) == ["e", "a", True, 1, "h", "x"]


def test_an_event_is_a_json_object_read_strictly(servey):
    ended = servey([say_hello], "run", "say_hello", "--event", '{"name": "Al", "times": 2}')
    assert result_of(ended) == "Hello AlAl!"
    strict = servey([say_hello], "run", "say_hello", "--event", '{"name": "Al", "times": "2"}')
    assert (strict.code, "#/times" in strict.err) == (2, True)


def test_an_event_may_come_from_stdin(servey):
    ended = servey([say_hello], "run", "say_hello", "--event", "-", stdin='{"name": "Ü"}')
    assert result_of(ended) == "Hello Ü!"


@pytest.mark.parametrize("event", ["", "{", '{"name": "a", "name": "b"}', "[]", '{"nam": "a"}'])
def test_a_bad_event_is_bad_input(servey, event):
    assert servey([say_hello], "run", "say_hello", "--event", event).code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("say_hello", "--event", "{}", "--name", "x"), "by --event or by options, not by both"),
        (("secret", "--token", "x", "--as", "{}"), "Give --token or --as, not both"),
        (("secret", "--as", '{"scope": ["root"]}'), "scope: Unexpected keyword argument."),
        (("secret", "--as", "root"), "Invalid value for '--as'"),
        (("say_hello", "--nam", "x"), "--name"),
        (("say_hallo",), "Did you mean 'say_hello'?"),
    ],
)
def test_a_wrong_command_line_is_bad_input(servey, arguments, said):
    ended = servey([say_hello, secret], "run", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_the_help_of_an_action_is_its_docstring_and_signature(servey):
    text = result_text(servey([say_hello], "run", "say_hello", "--help"))
    assert "Greet somebody." in text
    assert "At some length." in text
    assert "Args:" not in text
    assert "--name TEXT Whom to greet. [required]" in text
    assert "--times INTEGER [default: 1]" in text
    assert """servey run say_hello --event '{"name":"World"}'""" in text


def test_the_help_shows_choices_and_shapes(servey):
    text = result_text(servey([echo], "run", "echo", "--help"))
    for expected in (
        "--words TEXT [may be given several times]",
        "--loud / --no-loud [default: false]",
        "--colour [red|blue] [default: red]",
        "--mode [fast|slow|3] [default: fast]",
        "--day DATE",
        "--query JSON",
        "--query.min-size INTEGER [default: 3]",
        "--deep JSON --loud",
        "--anything JSON",
        "--number-or-text INTEGER|TEXT",
    ):
        assert expected in text


def result_text(ended):
    assert ended.code == 0
    return " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("how", "code", "title"),
    [
        ("not found", 4, "Not found"),
        ("conflict", 4, "Conflict"),
        ("teapot", 4, "Teapot"),
        ("unavailable", 1, "Unavailable"),
        ("unforeseen", 1, "Internal error"),
    ],
)
def test_the_exit_status_tells_failures_apart(servey, how, code, title):
    ended = servey([fail], "run", "fail", "--how", how)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(f"error: {title}")


def test_a_problem_in_words_has_its_detail_and_its_extensions(servey):
    ended = servey([fail], "run", "fail", "--how", "not found")
    first, second, third = ended.err.splitlines()
    assert first == "error: Not found: There is no such thing."
    assert second == "  wanted: 5"
    assert third.startswith("  (urn:servey:call:")


def test_a_problem_as_json_goes_to_stdout(servey):
    ended = servey([fail], "run", "fail", "--how", "not found", "--json")
    assert (ended.code, ended.err) == (4, "")
    problem = json.loads(ended.out)
    assert problem.pop("instance").startswith("urn:servey:call:")
    assert problem == {
        "type": "urn:servey:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is no such thing.",
        "wanted": 5,
    }


def test_a_guarded_action_is_denied_to_nobody_and_to_the_wrong_one(servey):
    assert servey([secret], "run", "secret").code == 3
    assert servey([secret], "run", "secret", "--as", '{"subject": "ann"}').code == 3


def test_the_caller_can_be_said(servey):
    caller = '{"subject": "ann", "scopes": ["root"]}'
    assert result_of(servey([secret], "run", "secret", "--as", caller)) == "of ann"


def test_a_caller_whose_time_is_over_is_denied(servey):
    caller = '{"scopes": "root", "expires_at": "2020-01-01T00:00:00Z"}'
    assert servey([secret], "run", "secret", "--as", caller).code == 3


def test_a_token_goes_through_the_authorizer(servey, monkeypatch):
    monkeypatch.setenv("SERVEY_JWT_SECRET_KEY", "a-secret-of-thirty-two-bytes-or-more")
    monkeypatch.setenv("SERVEY_JWT_REQUIRE_EXPIRY", "no")
    authorizer = start(actions=[]).authorizer
    token = authorizer.issue(Authorization(subject="ann", scopes=frozenset({"root"})))
    assert result_of(servey([secret], "run", "secret", "--token", token)) == "of ann"
    assert servey([secret], "run", "secret", "--token", token[:-5]).code == 3


def test_a_nested_action_takes_its_object(servey):
    by_option = servey([find_person], "run", "person_shout", "--self.name", "al", "--times", "2")
    assert result_of(by_option) == "ALAL"
    by_json = servey([find_person], "run", "person_shout", "--self", '{"name": "al"}')
    assert result_of(by_json) == "AL"
    event = '{"self": {"name": "al"}, "times": 3}'
    assert result_of(servey([find_person], "run", "person_shout", "--event", event)) == "ALALAL"


def test_an_action_without_a_result_writes_null(servey):
    @action
    def forget() -> None:
        """Do nothing."""

    assert result_of(servey([forget], "run", "forget")) is None


def test_a_result_of_the_wrong_type_is_a_failure(servey):
    @action
    def lie() -> int:
        return "seven"

    ended = servey([lie], "run", "lie")
    assert (ended.code, ended.out) == (1, "")


def test_run_says_what_it_needs(servey):
    ended = servey([say_hello], "run", "--actions", "somewhere")
    assert ended.code == 2
    assert "Which action?" in ended.err
