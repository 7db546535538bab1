"""Documents that callers name rather than send."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from servey_core import WEB_GET, WEB_POST, SettingsError, action
from servey_core.cli.application import Session
from servey_graphql.serving.commands import graphql_persist

HELLO = "{ sayHello }"
NAMED = "query ($name: String!) { sayHello(name: $name) }"
WRITE = 'mutation { write(text: "x") }'


@action(triggers=WEB_GET)
async def say_hello(name: str = "world") -> str:
    return f"Hello {name}"


@action(triggers=WEB_POST)
async def write(text: str) -> str:
    return text


ACTIONS = [say_hello, write]
SETTINGS = {"graphql_cached_documents": 3}


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def automatic(text: str, **changes: Any) -> dict[str, Any]:
    """The extension by which Apollo's clients name a document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text), **changes}}


def code_of(answered: Any) -> str:
    [error] = answered.json()["errors"]
    return str(error["extensions"]["code"])


def manifest(folder: Path, documents: Mapping[str, Any]) -> str:
    file = folder / "persisted.json"
    file.write_text(json.dumps(documents))
    return str(file)


@pytest.fixture
def listed(serve: Any, tmp_path: Path) -> Iterator[Any]:
    """An application that runs nothing but its persisted documents."""
    documents = {hash_of(HELLO): HELLO, "named-1": NAMED, f"sha256:{hash_of(WRITE)}": WRITE}
    path = manifest(tmp_path, documents)
    with serve(ACTIONS, graphql_persisted_documents=path, graphql_only_persisted=True) as running:
        yield running


def test_a_document_that_was_sent_once_is_known_by_its_hash(app: Any) -> None:
    first = app.ask(None, extensions=automatic(HELLO))
    assert first.status_code == 404
    assert first.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert code_of(first) == "PERSISTED_QUERY_NOT_FOUND"
    assert first.headers["cache-control"] == "no-store"
    for query in (HELLO, None, HELLO):
        assert app.data(query, extensions=automatic(HELLO)) == {"sayHello": "Hello world"}
    by_get = app.get(extensions=json.dumps(automatic(HELLO)))
    assert by_get.json() == {"data": {"sayHello": "Hello world"}}
    assert app.data(None, documentId=f"sha256:{hash_of(HELLO)}") == {"sayHello": "Hello world"}


def test_legacy_clients_are_told_with_status_200(app: Any) -> None:
    answered = app.ask(None, extensions=automatic("{ never }"), accept="application/json")
    assert answered.status_code == 200
    assert code_of(answered) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_wrong_hash_is_refused_and_nothing_remembered(app: Any) -> None:
    answered = app.ask("{ sayHello __typename }", extensions=automatic(NAMED))
    assert answered.status_code == 400
    assert "another hash" in answered.json()["errors"][0]["message"]
    assert app.ask(None, extensions=automatic(NAMED)).status_code == 404


def test_an_upper_case_hash_is_a_wrong_one(app: Any) -> None:
    extensions = automatic(HELLO, sha256Hash=hash_of(HELLO).upper())
    assert app.ask(HELLO, extensions=extensions).status_code == 400


@pytest.mark.parametrize("bad", ["{ nothing }", "{", "{ sayHello"])
def test_what_is_not_valid_is_not_remembered(app: Any, bad: str) -> None:
    assert app.ask(bad, extensions=automatic(bad)).status_code == 400
    assert app.ask(None, extensions=automatic(bad)).status_code == 404


def test_another_version_is_not_supported(app: Any) -> None:
    answered = app.ask(HELLO, extensions=automatic(HELLO, version=2))
    assert code_of(answered) == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_only_so_many_are_remembered(app: Any) -> None:
    documents = [f"{{ a{n}: sayHello }}" for n in range(4)]
    for one in documents:
        app.data(one, extensions=automatic(one))
    statuses = [app.ask(None, extensions=automatic(one)).status_code for one in documents]
    assert statuses == [404, 200, 200, 200]


def test_they_are_only_so_long_together(serve: Any) -> None:
    with serve(ACTIONS, graphql_cached_characters=2 * len(HELLO)) as small:
        documents = [HELLO, NAMED, HELLO]
        for one in documents:
            small.ask(one, {"name": "x"} if one == NAMED else None, extensions=automatic(one))
        assert small.ask(None, extensions=automatic(NAMED)).status_code == 404
        assert small.ask(None, extensions=automatic(HELLO)).status_code == 200


def test_a_remembered_mutation_does_not_run_by_get(app: Any) -> None:
    app.data(WRITE, extensions=automatic(WRITE))
    assert app.get(extensions=json.dumps(automatic(WRITE))).status_code == 405


def test_it_can_be_switched_off(serve: Any) -> None:
    with serve(ACTIONS, graphql_automatic_persisted=False) as without:
        assert without.data(HELLO, extensions=automatic(HELLO))
        answered = without.ask(None, extensions=automatic(HELLO))
        assert code_of(answered) == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_listed_documents_run_by_any_of_their_names(listed: Any) -> None:
    hello = {"sayHello": "Hello world"}
    assert listed.data(None, documentId=hash_of(HELLO)) == hello
    assert listed.data(None, documentId=f"sha256:{hash_of(HELLO)}") == hello
    assert listed.data(None, extensions=automatic(HELLO)) == hello
    assert listed.data(HELLO, extensions=automatic(HELLO)) == hello
    assert listed.data(None, {"name": "Al"}, documentId="named-1") == {"sayHello": "Hello Al"}
    assert listed.data(None, {"name": "Al"}, extensions=automatic(NAMED))
    assert listed.get(documentId=hash_of(HELLO)).json() == {"data": hello}


@pytest.mark.parametrize(
    ("query", "members", "status"),
    [
        (HELLO, {}, 403),
        ("{ __typename }", {}, 403),
        ("{ __typename }", {"extensions": automatic("{ __typename }")}, 403),
        ("{ __typename }", {"documentId": "mine"}, 403),
        ("{ __typename }", {"documentId": "named-1"}, 400),
        ("{ __typename }", {"extensions": automatic(HELLO)}, 400),
        (None, {"documentId": "mine"}, 404),
        (None, {"extensions": automatic("{ __typename }")}, 404),
    ],
)
def test_nothing_else_runs(listed: Any, query: str, members: dict[str, Any], status: int) -> None:
    answered = listed.ask(query, **members)
    assert answered.status_code == status, answered.text
    assert "data" not in answered.json()


def test_a_listed_mutation_does_not_run_by_get(listed: Any) -> None:
    assert listed.get(documentId=hash_of(WRITE)).status_code == 405


@pytest.mark.parametrize(
    "documents", [[HELLO], {"a": 5}, {hash_of("other"): HELLO}, {"sha256:" + "0" * 64: HELLO}]
)
def test_a_list_that_is_none_stops_the_start(started: Any, tmp_path: Path, documents: Any) -> None:
    path = manifest(tmp_path, documents)
    runtime = started(ACTIONS, graphql_persisted_documents=path)
    with pytest.raises(SettingsError, match=r"persisted\.json"):
        runtime.services()


def test_a_list_that_is_not_there_stops_the_start(started: Any, tmp_path: Path) -> None:
    runtime = started(ACTIONS, graphql_persisted_documents=str(tmp_path / "none.json"))
    with pytest.raises(SettingsError, match="cannot be read"):
        runtime.services()


def persist(runtime: Any, *arguments: str) -> Any:
    return CliRunner().invoke(graphql_persist, arguments, obj=Session(runtime))


def test_the_command_makes_the_list(started: Any, serve: Any, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    (folder / "further").mkdir(parents=True)
    (folder / "hello.graphql").write_text(HELLO)
    (folder / "further" / "named.gql").write_text(NAMED)
    (folder / "notes.txt").write_text("no document")
    (tmp_path / "write.txt").write_text(WRITE)
    listed = tmp_path / "listed.json"
    ended = persist(started(ACTIONS), str(folder), str(tmp_path / "write.txt"), "-o", str(listed))
    assert ended.exit_code == 0, ended.output
    documents = json.loads(listed.read_text())
    assert documents == {hash_of(text): text for text in (HELLO, NAMED, WRITE)}
    assert json.loads(persist(started(ACTIONS), str(folder)).stdout).keys() < documents.keys()
    only = {"graphql_persisted_documents": str(listed), "graphql_only_persisted": True}
    with serve(ACTIONS, **only) as running:
        assert running.data(None, documentId=hash_of(HELLO))


def test_the_command_refuses_what_does_not_fit(started: Any, tmp_path: Path) -> None:
    file, listed = tmp_path / "bad.graphql", tmp_path / "listed.json"
    file.write_text("{\n nothing }")
    ended = persist(started(ACTIONS), str(file), "-o", str(listed))
    assert ended.exit_code == 1
    assert "bad.graphql: Cannot query field 'nothing' on type 'Query'. (line 2)" in ended.stderr
    assert not listed.exists()
    file.write_text("{ ... " * 60 + "sayHello" + " }" * 60)
    assert persist(started(ACTIONS, graphql_max_tokens=20), str(file)).exit_code == 1
