"""Files of an operation, by the GraphQL multipart request specification."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from servey_core import WEB_GET, WEB_POST, File, action

PREFLIGHT = {"GraphQL-Preflight": "1"}
READ = "mutation ($file: Upload!) { readFile(file: $file) }"
READ_ALL = "mutation ($files: [Upload!]!) { readFiles(files: $files) }"

seen: list[File] = []


@action(triggers=WEB_POST)
async def read_file(file: File) -> list[str]:
    seen.append(file)
    return [str(file.filename), str(file.content_type), (await file.read()).decode()]


@action(triggers=WEB_POST)
async def read_files(files: list[File]) -> list[str]:
    return [(await file.read()).decode() for file in files]


@action(triggers=WEB_POST)
async def maybe_read(file: File | None = None) -> str:
    return (await file.read()).decode() if file else "none"


@action(triggers=WEB_GET)
async def say_hello() -> str:
    return "Hello"


ACTIONS = [read_file, read_files, maybe_read, say_hello]

Files = list[tuple[str, tuple[str, bytes, str]]]


def one_file(name: str = "0", content: bytes = b"hello") -> Files:
    return [(name, ("a.txt", content, "text/plain"))]


def upload(
    app: Any,
    operations: Any,
    places: Any,
    files: Files,
    headers: Mapping[str, str] = PREFLIGHT,
) -> Any:
    """Send a form; texts are sent as they are, and others as JSON."""
    texts = {"operations": operations, "map": places}
    data = {
        name: text if isinstance(text, str) else json.dumps(text)
        for name, text in texts.items()
        if text is not None
    }
    fields = {"Accept": "application/graphql-response+json", **headers}
    return app.client.post("/graphql", data=data, files=files, headers=fields)


def test_a_file_arrives(app: Any) -> None:
    operations = {"query": READ, "variables": {"file": None}}
    answered = upload(app, operations, {"0": ["variables.file"]}, one_file())
    assert answered.json() == {"data": {"readFile": ["a.txt", "text/plain", "hello"]}}
    assert answered.headers["cache-control"] == "no-store"


def test_a_file_is_closed_afterwards(app: Any) -> None:
    operations = {"query": READ, "variables": {"file": None}}
    upload(app, operations, {"0": ["variables.file"]}, one_file())
    assert seen[-1].stream.closed


def test_several_files_arrive_in_their_places(app: Any) -> None:
    operations = {"query": READ_ALL, "variables": {"files": [None, None]}}
    places = {"a": ["variables.files.1"], "b": ["variables.files.0"]}
    answered = upload(app, operations, places, one_file("a", b"A") + one_file("b", b"B"))
    assert answered.json() == {"data": {"readFiles": ["B", "A"]}}


def test_files_of_two_fields_arrive(app: Any) -> None:
    query = "mutation ($a: Upload, $b: Upload) { x: maybeRead(file: $a) y: maybeRead(file: $b) }"
    operations = {"query": query, "variables": {"a": None, "b": None}}
    answered = upload(app, operations, {"f": ["variables.b"]}, one_file("f", b"B"))
    assert answered.json() == {"data": {"x": "none", "y": "B"}}


def test_a_form_without_a_file_is_an_operation_too(app: Any) -> None:
    answered = upload(
        app,
        None,
        None,
        [
            (n, (None, t, None))
            for n, t in (("operations", b'{"query": "{ sayHello }"}'), ("map", b"{}"))
        ],  # type: ignore[misc]
    )
    assert answered.json() == {"data": {"sayHello": "Hello"}}


@pytest.mark.parametrize(
    "name", ["GraphQL-Preflight", "X-Requested-With", "Apollo-Require-Preflight"]
)
def test_any_of_three_headers_tells_that_no_page_forged_it(app: Any, name: str) -> None:
    operations = {"query": READ, "variables": {"file": None}}
    places = {"0": ["variables.file"]}
    assert upload(app, operations, places, one_file(), {name: "x"}).status_code == 200


def test_without_such_a_header_it_is_refused(app: Any) -> None:
    operations = {"query": READ, "variables": {"file": None}}
    before = len(seen)
    answered = upload(app, operations, {"0": ["variables.file"]}, one_file(), {})
    assert answered.status_code == 400
    assert "GraphQL-Preflight" in answered.json()["errors"][0]["message"]
    assert len(seen) == before


GOOD = {"query": READ, "variables": {"file": None}}


@pytest.mark.parametrize(
    ("operations", "places", "files"),
    [
        (GOOD, None, one_file()),
        (None, {"0": ["variables.file"]}, one_file()),
        ("{", {"0": ["variables.file"]}, one_file()),
        ([GOOD], {"0": ["0.variables.file"]}, one_file()),
        ([GOOD], {"0": ["variables.file"]}, one_file()),
        (GOOD, "[", one_file()),
        (GOOD, [], one_file()),
        (GOOD, {}, one_file()),
        (GOOD, {"0": ["variables.file"], "1": ["variables.file"]}, one_file()),
        (GOOD, {"0": ["variables.file"]}, []),
        (GOOD, {"0": ["variables.file"]}, one_file() + one_file()),
        (GOOD, {"0": ["variables.file"]}, one_file() + one_file("1")),
        (GOOD, {"0": ["variables.file", "variables.file"]}, one_file()),
        (GOOD, {"0": "variables.file"}, one_file()),
        (GOOD, {"0": []}, one_file()),
        (GOOD, {"0": [5]}, one_file()),
        (GOOD, {"0": ["query"]}, one_file()),
        (GOOD, {"0": ["operationName"]}, one_file()),
        (GOOD, {"0": ["variables"]}, one_file()),
        (GOOD, {"0": ["variables."]}, one_file()),
        (GOOD, {"0": ["variables.other"]}, one_file()),
        (GOOD, {"0": ["variables.file.0"]}, one_file()),
        (GOOD, {"0": ["variables.__class__"]}, one_file()),
        (
            {"query": READ_ALL, "variables": {"files": [None] * 2000}},
            {"0": [f"variables.files.{n}" for n in range(2000)]},
            one_file(),
        ),
        ({"query": READ, "variables": {"file": "taken"}}, {"0": ["variables.file"]}, one_file()),
        ({"query": READ, "variables": {"file": [None]}}, {"0": ["variables.file.1"]}, one_file()),
        ({"query": READ, "variables": {"file": [None]}}, {"0": ["variables.file.-1"]}, one_file()),
        (
            {"query": READ, "variables": {"file": [None]}},
            {"0": ["variables.file." + "0" * 5000]},
            one_file(),
        ),
        ({"query": READ}, {"0": ["variables.file"]}, one_file()),
        ({"query": READ, "variables": []}, {"0": ["variables.file"]}, one_file()),
        ({"query": 5, "variables": {"file": None}}, {"0": ["variables.file"]}, one_file()),
        ("[" * 10_000, "[" * 10_000, one_file()),
    ],
)
def test_a_form_that_contradicts_itself_is_refused(
    app: Any, operations: Any, places: Any, files: Files
) -> None:
    before = len(seen)
    answered = upload(app, operations, places, files)
    assert answered.status_code in {400, 415}, answered.text
    assert answered.json().keys() == {"errors"}
    assert len(seen) == before


@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x--\r\n", b'--x\r\nContent-Disposition: form-data; name="operations"']
)
def test_a_form_that_is_cut_short_is_refused(app: Any, body: bytes) -> None:
    fields = {"Content-Type": "multipart/form-data; boundary=x", **PREFLIGHT}
    assert app.client.post("/graphql", content=body, headers=fields).status_code == 400


def test_a_form_has_to_have_a_boundary(app: Any) -> None:
    fields = {"Content-Type": "multipart/form-data", **PREFLIGHT}
    assert app.client.post("/graphql", content=b"--x--", headers=fields).status_code == 400


def test_a_form_is_of_bounded_size(serve: Any) -> None:
    operations = {"query": READ, "variables": {"file": None}}
    places = {"0": ["variables.file"]}
    with serve(ACTIONS, max_body_bytes=10_000) as small:
        assert upload(small, operations, places, one_file("0", b"x" * 5000)).status_code == 200
        answered = upload(small, operations, places, one_file("0", b"x" * 20_000))
        assert answered.status_code == 413


def test_what_is_no_file_is_refused_where_one_is_wanted(app: Any) -> None:
    answered = app.ask(READ, {"file": 5})
    assert "errors" in answered.json()
