"""Calls that callers may repeat, by the header Idempotency-Key, without running them again."""

import os
import re
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, computed_field
from raw_http import connected, post
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_POST,
    Conflict,
    ContentType,
    File,
    Idempotency,
    Redirect,
    Response,
    WebTrigger,
    action,
)

SETTINGS = {"state": "memory:"}
runs: list[Any] = []
may_end = threading.Event()


class Receipt(BaseModel):
    """What cannot be read again from what is written of it."""

    model_config = ConfigDict(extra="forbid")

    amount: int

    @computed_field
    @property
    def number(self) -> int:
        return len(runs)


def repeatable(**options: Any) -> Any:
    return action(**{"triggers": WEB_POST, "idempotency": Idempotency(), **options})


@repeatable(triggers=WebTrigger("POST", "/payments", status=201))
async def pay(amount: int, response: Response) -> Receipt:
    runs.append(amount)
    response.headers["Location"] = f"/payments/{len(runs)}"
    response.set_cookie("last", str(len(runs)))
    if amount > 100:
        response.status = 202
    return Receipt(amount=amount)


@repeatable()
async def refuse(amount: int) -> int:
    runs.append(amount)
    raise Conflict("Sold out.", headers={"X-Back": "Monday"}, left=0)


@repeatable()
async def fail(amount: int) -> int:
    runs.append(amount)
    if len(runs) == 1:
        raise RuntimeError
    return amount


@repeatable()
def wait(amount: int) -> int:
    runs.append(amount)
    assert may_end.wait(PATIENCE)
    return amount


@repeatable(idempotency=Idempotency(required=True))
async def surely(amount: int) -> int:
    runs.append(amount)
    return len(runs)


@repeatable(access_control=ALLOW_AUTHENTICATED)
async def guarded(amount: int) -> int:
    runs.append(amount)
    return len(runs)


@repeatable()
async def as_file() -> File:
    runs.append(0)
    return File.of(b"\xff%d" % len(runs), filename="é.bin")


@repeatable()
async def as_bytes() -> bytes:
    runs.append(0)
    return b"\xff%d" % len(runs)


@repeatable()
async def as_text() -> Annotated[str, ContentType("text/csv")]:
    runs.append(0)
    return f"é{len(runs)}"


@repeatable()
async def as_redirect() -> Redirect:
    runs.append(0)
    return Redirect(f"/{len(runs)}", 303)


@repeatable(triggers=WebTrigger("POST", status=204))
async def as_nothing() -> None:
    runs.append(0)


@repeatable()
async def with_upload(file: File, note: str = "") -> str:
    runs.append(0)
    return f"{note}{file.size} {len(runs)}"


@action(triggers=WEB_POST)
async def ordinary(amount: int) -> int:
    runs.append(amount)
    return len(runs)


ACTIONS = [
    pay,
    refuse,
    fail,
    wait,
    surely,
    guarded,
    as_file,
    as_bytes,
    as_text,
    as_redirect,
    as_nothing,
    with_upload,
    ordinary,
]

keys = iter(range(1_000_000))


@pytest.fixture
def key() -> str:
    """A key that no other test has."""
    runs.clear()
    may_end.clear()
    return f"key-{next(keys)}"


def call(app: Any, path: str, key: str | None, amount: int = 5, **headers: str) -> httpx.Response:
    given = headers if key is None else {"Idempotency-Key": key, **headers}
    return app.client.post(path, json={"amount": amount}, headers=given)  # type: ignore[no-any-return]


def essence(response: httpx.Response) -> Any:
    """All of an answer but what each has of its own."""
    own = {"date", "x-request-id", "idempotency-replayed"}
    fields = [(name, value) for name, value in response.headers.multi_items() if name not in own]
    return response.status_code, fields, response.content


def test_a_repeat_is_answered_as_the_first_call_was(app: Any, key: str) -> None:
    first, *others = [call(app, "/payments", key) for _ in range(3)]
    assert (first.status_code, first.json()) == (201, {"amount": 5, "number": 1})
    assert first.headers["location"] == "/payments/1"
    assert first.headers["set-cookie"].startswith("last=1")
    assert "idempotency-replayed" not in first.headers
    for other in others:
        assert essence(other) == essence(first)
        assert other.headers["idempotency-replayed"] == "true"
    assert runs == [5]


def test_a_status_of_the_actions_own_is_repeated(app: Any, key: str) -> None:
    first, second = (call(app, "/payments", key, 500) for _ in range(2))
    assert first.status_code == 202
    assert essence(second) == essence(first)


@pytest.mark.parametrize("path", ["as-file", "as-bytes", "as-text", "as-redirect", "as-nothing"])
def test_results_of_every_kind_are_repeated(app: Any, key: str, path: str) -> None:
    options = {"json": {}, "headers": {"Idempotency-Key": key}}
    first, second = (app.client.post(f"/actions/{path}", **options) for _ in range(2))
    assert first.status_code == {"as-redirect": 303, "as-nothing": 204}.get(path, 200)
    assert essence(second) == essence(first)
    assert (len(runs), second.headers["idempotency-replayed"]) == (1, "true")


def test_a_problem_is_repeated_and_says_so(app: Any, key: str) -> None:
    first, second = (call(app, "/actions/refuse", key) for _ in range(2))
    assert first.status_code == second.status_code == 409
    told = [{**one.json(), "instance": ""} for one in (first, second)]
    assert told[0] == told[1]
    assert told[1]["left"] == 0
    assert first.json()["instance"] != second.json()["instance"]
    assert first.headers["x-back"] == second.headers["x-back"] == "Monday"
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert runs == [5]


def test_a_failure_is_not_repeated(app: Any, key: str) -> None:
    first, second, third = (call(app, "/actions/fail", key) for _ in range(3))
    assert (first.status_code, second.status_code) == (500, 200)
    assert "idempotency-replayed" not in second.headers
    assert third.headers["idempotency-replayed"] == "true"
    assert len(runs) == 2


def test_what_is_wrong_with_the_input_takes_no_key(app: Any, key: str) -> None:
    wrong = app.client.post("/payments", json={}, headers={"Idempotency-Key": key})
    assert wrong.status_code == 422
    assert call(app, "/payments", key).status_code == 201


def test_a_key_belongs_to_its_input(app: Any, key: str) -> None:
    call(app, "/payments", key)
    response = call(app, "/payments", key, 6)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:servey:problem:idempotency-key-reused"
    assert "idempotency-replayed" not in response.headers
    assert runs == [5]


def test_a_key_belongs_to_its_action(app: Any, key: str) -> None:
    call(app, "/payments", key)
    assert call(app, "/actions/surely", key).json() == 2


def test_a_key_belongs_to_its_caller(app: Any, key: str) -> None:
    ann, ben = (app.credentials(subject=name) for name in ("ann", "ben"))
    found = [call(app, "/actions/guarded", key, **who).json() for who in (ann, ben, ann, ben)]
    assert found == [1, 2, 1, 2]
    assert call(app, "/actions/guarded", key).status_code == 401


def test_without_a_key_every_call_runs(app: Any, key: str) -> None:
    assert [call(app, "/payments", None).json()["number"] for _ in range(2)] == [1, 2]


def test_an_ordinary_action_takes_no_notice_of_keys(app: Any, key: str) -> None:
    assert [call(app, "/actions/ordinary", key).json() for _ in range(2)] == [1, 2]


def test_a_key_that_is_required_is_required(app: Any, key: str) -> None:
    response = call(app, "/actions/surely", None)
    assert response.status_code == 400
    assert response.json()["type"] == "urn:servey:problem:idempotency-key-missing"
    assert call(app, "/actions/surely", key).json() == 1


def test_uploads_are_part_of_the_input(app: Any, key: str) -> None:
    def send(content: bytes, note: str = "a") -> httpx.Response:
        return app.client.post(  # type: ignore[no-any-return]
            "/actions/with-upload",
            files={"file": ("x.bin", content)},
            data={"note": note},
            headers={"Idempotency-Key": key},
        )

    large = os.urandom(400_000)
    assert [send(large).json() for _ in range(2)] == ["a400000 1", "a400000 1"]
    assert send(large[:-1] + b"\0").status_code == 422
    assert send(large, "b").status_code == 422


def test_the_string_of_a_key_may_be_quoted(app: Any, key: str) -> None:
    for written in (key, f'"{key}"'):
        assert call(app, "/payments", written).json()["number"] == 1
    for written in ('"a \\"b\\" \\\\"', 'a "b" \\'):
        assert call(app, "/payments", written).json()["number"] == 2


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b'""',
        b'"open',
        b'"a" "b"',
        b'"a";b=1',
        b'"a\\b"',
        b"\xe9",
        b'"\xe9"',
        b"a\tb",
        b"x" * 256,
        b'"%b"' % (b"x" * 256),
    ],
)
def test_what_is_no_key_is_refused(app: Any, key: str, written: bytes) -> None:
    with connected(app.url) as connection:
        connection.send(post("/payments", b'{"amount":5}', b"Idempotency-Key: " + written))
        answer = connection.answer()
    assert (answer.status, answer.json()["type"]) == (400, "urn:servey:problem:bad-request")
    assert not runs


def test_two_keys_are_refused(app: Any, key: str) -> None:
    with connected(app.url) as connection:
        fields = (b"Idempotency-Key: a", b"idempotency-key: b")
        connection.send(post("/payments", b'{"amount":5}', *fields))
        answer = connection.answer()
    assert (answer.status, answer.json()["detail"]) == (
        400,
        "The header Idempotency-Key is given twice.",
    )
    assert not runs


def test_of_many_calls_at_once_one_runs(app: Any, key: str) -> None:
    request = post("/actions/wait", b'{"amount":5}', b"Idempotency-Key: " + key.encode())
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        waiting = {stack.enter_context(connected(app.url)) for _ in range(64)}
        for connection in waiting:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
        while len(waiting) > 1:
            ready = selector.select(PATIENCE)
            assert ready, "nobody is answered"
            for found, _ in ready:
                selector.unregister(found.fileobj)
                waiting.remove(found.data)
                answer = found.data.answer()
                assert answer.status == 409
                assert answer.json()["type"] == "urn:servey:problem:still-under-way"
                assert answer.only("retry-after") == "1"
        [first] = waiting
        may_end.set()
        assert first.answer().json() == 5
    response = call(app, "/actions/wait", key)
    assert (response.json(), response.headers["idempotency-replayed"]) == (5, "true")
    assert runs == [5]


# Several processes


APPLICATION = """
import os
from pathlib import Path

from servey_core import WEB_POST, Idempotency, Response, action


@action(triggers=WEB_POST, idempotency=Idempotency())
async def pay(amount: int, response: Response) -> int:
    with Path("runs").open("a") as file:
        print(amount, file=file)
    response.headers["X-Process"] = str(os.getpid())
    return amount
"""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A process that serves the application, with the embedded state; its URL."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SERVEY_")}
    with subprocess.Popen(
        [sys.executable, "-m", "servey_core", "serve"],
        cwd=folder,
        env={**kept, "SERVEY_PORT": "0"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            lines = iter(process.stderr.readline, "")
            yield next(m[0] for one in lines if (m := re.search(r"http://127[\d.]+:\d+", one)))
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
    assert process.returncode == 0


def test_processes_that_share_a_state_run_a_call_once(tmp_path: Path) -> None:
    (tmp_path / "actions.py").write_text(APPLICATION)
    headers = {"Idempotency-Key": "one"}
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE) as client,
        serving(tmp_path) as one,
        serving(tmp_path) as other,
    ):
        answers = [
            client.post(f"{url}/actions/pay", json={"amount": 5}, headers=headers)
            for url in (one, other, one)
        ]
    assert [answer.json() for answer in answers] == [5, 5, 5]
    assert len({answer.headers["x-process"] for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [
        None,
        "true",
        "true",
    ]
    assert (tmp_path / "runs").read_text().split() == ["5"]
