"""A mutation that is tried again, by its key, is not run again."""

from typing import Any

import pytest

from servey_core import WEB_POST, Idempotency, action

SETTINGS = {"state": "memory:"}
BOOKED: list[str] = []


@action(triggers=WEB_POST, idempotency=Idempotency())
async def book(guest: str) -> int:
    BOOKED.append(guest)
    return len(BOOKED)


ACTIONS = [book]
ONE = 'mutation {book(guest: "Ann")}'
TWO = 'mutation {first: book(guest: "Ann") second: book(guest: "Bo")}'


@pytest.fixture(autouse=True)
def nobody() -> None:
    BOOKED.clear()


def test_a_key_replays_what_it_came_to(app: Any) -> None:
    headers = {"Idempotency-Key": "one"}
    assert [app.data(ONE, headers=headers) for _ in range(2)] == [{"book": 1}] * 2
    assert BOOKED == ["Ann"]


def test_without_a_key_it_runs_again(app: Any) -> None:
    assert [app.data(ONE) for _ in range(2)] == [{"book": 1}, {"book": 2}]


def test_each_of_several_calls_is_known_by_its_turn(app: Any) -> None:
    headers = {"Idempotency-Key": "two"}
    assert [app.data(TWO, headers=headers) for _ in range(2)] == [{"first": 1, "second": 2}] * 2
    assert BOOKED == ["Ann", "Bo"]


def test_a_key_belongs_to_its_arguments(app: Any) -> None:
    headers = {"Idempotency-Key": "three"}
    app.data(ONE, headers=headers)
    answer = app.ask('mutation {book(guest: "Bo")}', headers=headers).json()
    [error] = answer["errors"]
    assert (error["extensions"]["status"], BOOKED) == (422, ["Ann"])


def test_two_keys_are_refused(app: Any) -> None:
    answer = app.client.post(
        "/graphql",
        json={"query": ONE},
        headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    )
    assert (answer.status_code, BOOKED) == (400, [])
