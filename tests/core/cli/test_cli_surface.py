import asyncio

import pytest

from servey_core import Authorization, NotFound, ScopeAccessControl, action, action_of, start
from servey_core.cli.surface import cli_surface

ROOT = Authorization(subject="ann", scopes=frozenset({"root"}))


@action
async def double(number: int) -> dict[str, int]:
    if number > 9:
        raise NotFound("There is no such number.")
    return {"double": number * 2}


@action(access_control=ScopeAccessControl("root"))
def secret(who: Authorization) -> str:
    return str(who.subject)


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setenv("SERVEY_PLUGINS_DENY", "web,rest,graphql,channels")
    runtime = start(actions=[action_of(double), action_of(secret)])
    surface = cli_surface(runtime)

    def call(function, params, authorization=None):
        async def through() -> object:
            async with surface.open() as caller:
                return await caller(action_of(function), params, authorization)

        assert surface.serves(action_of(function))
        return asyncio.run(through())

    yield call
    runtime.pool.close(1.0)


def test_a_result_comes_back(call):
    assert call(double, {"number": 2}).result == {"double": 4}


def test_a_problem_comes_back(call, capsys):
    problem = call(double, {"number": 10}).problem
    assert problem["status"] == 404
    assert problem["detail"] == "There is no such number."
    assert call(double, {"number": "x"}).problem["errors"][0]["pointer"] == "#/number"
    assert capsys.readouterr() == ("", "")


def test_the_caller_is_passed_on(call):
    assert call(secret, {}, ROOT).result == "ann"
    assert call(secret, {}).problem["status"] == 401
    assert call(secret, {}, Authorization(subject="bob")).problem["status"] == 403
