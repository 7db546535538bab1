"""`graphql-transport-ws`: what clients say and are told, and how they are hung up on."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from subscribing import (
    APPLICATION,
    SUBPROTOCOL,
    Author,
    Note,
    Subscribed,
    big_news,
    counts,
    gate,
    mine,
    secret,
)
from websockets.exceptions import InvalidStatus

from servey_core import Authorization

NEWS = "subscription { bigNews { text } }"
ANN = Author("ann")


@pytest.fixture(scope="module")
def app():
    settings = {
        "channels_url": "memory:",
        "channels_backlog_bytes": 2048,
        "graphql_max_operations": 3,
        "cors_origins": "https://app.example.com",
    }
    with Subscribed.running(APPLICATION, **settings) as served:
        yield served


@pytest.fixture
def client(app):
    with app.connected() as client:
        yield client.open()


def token(app, *scopes, subject="ann", seconds=300):
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    authorization = Authorization(subject, frozenset(scopes), expires_at=expires_at)
    return f"Bearer {app.runtime.authorizer.issue(authorization)}"


def texts(client, field, number):
    return [client.next()["data"][field]["text"] for _ in range(number)]


def test_a_subscription_has_a_result_for_each_event(app, client):
    client.ask('subscription { news: bigNews { text author { name shout(mark: "?") } tags } }')
    client.settled()
    app.publish(big_news, Note("a", ANN, ["x"]), Note("b", Author("bob")))
    first = {"text": "a", "author": {"name": "ann", "shout": "ANN?"}, "tags": ["x"]}
    assert client.hear() == {"type": "next", "id": "1", "payload": {"data": {"news": first}}}
    assert client.next()["data"]["news"]["author"]["shout"] == "BOB?"


@pytest.mark.parametrize(
    "query",
    [
        "subscription { ...on Subscription { bigNews { text } } }",
        "subscription { ...f } fragment f on Subscription { bigNews { text } }",
        """subscription S($m: String!, $w: Boolean!) {
          bigNews { text author @include(if: $w) { shout(mark: $m) } }
        }""",
    ],
)
def test_fragments_variables_and_conditions_are_those_of_any_operation(app, client, query):
    variables = {"m": "?", "w": False} if "$m" in query else None
    client.ask(query, variables=variables)
    client.settled()
    app.publish(big_news, Note("a", ANN))
    assert client.next() == {"data": {"bigNews": {"text": "a"}}}


def test_events_of_any_type_are_results(app, client):
    client.ask("subscription { counts }")
    client.settled()
    app.publish(counts, 1, 2)
    assert [client.next(), client.next()] == [{"data": {"counts": 1}}, {"data": {"counts": 2}}]


def test_a_field_that_fails_is_null_and_told_of_for_its_event_alone(app, client):
    client.ask("subscription { bigNews { text author { shout } } }")
    client.settled()
    app.publish(big_news, Note("a", Author("")), Note("b", ANN))
    result = client.next()
    assert result["data"] == {"bigNews": {"text": "a", "author": {"shout": None}}}
    [error] = result["errors"]
    assert error["path"] == ["bigNews", "author", "shout"]
    assert error["extensions"]["status"] == 409
    assert "errors" not in client.next()


def test_two_subscriptions_of_one_client_end_one_at_a_time(app, client):
    client.ask(NEWS, "a")
    client.ask("subscription { counts }", "b")
    client.settled()
    client.say("complete", id="a")
    client.settled()
    app.publish(big_news, Note("a", ANN))
    app.publish(counts, 3)
    assert client.hear("next")["id"] == "b"
    client.ask(NEWS, "a")
    client.settled()
    app.publish(big_news, Note("b", ANN))
    assert client.hear("next")["id"] == "a"


def test_each_client_gets_what_the_filter_has_for_it(app):
    header = {"Authorization": token(app, subject="bob")}
    with (
        app.connected() as ann,
        app.connected(additional_headers=header) as bob,
        app.connected() as nobody,
    ):
        ann.open(payload={"Authorization": token(app)})
        for client in (ann, bob.open(), nobody.open()):
            client.ask("subscription { mine { text } }")
            client.settled()
        notes = [Note("1", ANN), Note("2", Author("bob")), Note("fails", ANN), Note("3", ANN)]
        app.publish(mine, *notes)
        assert texts(ann, "mine", 2) == ["1", "3"]
        assert texts(bob, "mine", 1) == ["2"]
        for client in (bob, nobody):
            client.settled()


def test_queries_and_mutations_have_one_result(client):
    client.ask("query Q($t: String!) { echo(text: $t) }", variables={"t": "hi"}, operationName="Q")
    assert client.next() == {"data": {"echo": "hi"}}
    assert client.hear() == {"type": "complete", "id": "1"}
    client.ask("mutation { change }")
    assert client.next() == {"data": {"change": 1}}
    assert client.hear() == {"type": "complete", "id": "1"}


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("subscription { nowhere }", "Invalid document"),
        ("subscription { bigNews { text } counts }", "Invalid document"),
        ("subscription {", "Invalid document"),
        ("subscription S($m: String!) { bigNews { author { shout(mark: $m) } } }", "Invalid input"),
        ("query Q($t: String!) { echo(text: $t) }", "Invalid input"),
        ("subscription { " + "a: bigNews { text } " * 30 + "}", "Document too complex"),
    ],
)
def test_what_cannot_be_run_is_an_error_and_no_more(client, query, title):
    client.ask(query)
    message = client.hear("error")
    assert message["id"] == "1"
    assert message["payload"][0]["extensions"]["title"] == title
    client.ask('{ echo(text: "") }')
    client.next()


@pytest.mark.parametrize(("who", "status"), [((), 403), (None, 401), (("insider",), None)])
def test_a_channel_decides_who_may_subscribe(app, who, status):
    payload = None if who is None else {"authorization": token(app, *who)}
    with app.connected() as client:
        client.open(payload=payload)
        client.ask("subscription { it: secret { text } }")
        if status is None:
            client.settled()
            app.publish(secret, Note("a", ANN))
            assert texts(client, "it", 1) == ["a"]
            return
        [error] = client.hear("error")["payload"]
        assert error["path"] == ["it"]
        assert error["locations"]
        assert error["extensions"]["status"] == status


def test_no_more_operations_are_under_way_than_may_be(client):
    for number in range(4):
        client.ask(NEWS, str(number))
    refused = client.hear("error")
    assert refused["id"] == "3"
    assert refused["payload"][0]["extensions"]["status"] == 429


def test_what_is_given_up_and_still_done_counts_as_under_way(client):
    gate.clear()
    try:
        for number in range(3):
            client.ask("mutation { wait }", str(number))
            client.say("complete", id=str(number))
        client.ask("mutation { wait }", "one more")
        refused = client.hear("error")
        assert refused["payload"][0]["extensions"]["status"] == 429
    finally:
        gate.set()


@pytest.mark.parametrize("field", ["leave", "leave(soon: true)", "leaveInAThread"])
def test_an_action_that_would_end_the_process_fails_alone(client, field):
    client.ask(f'{{ echo(text: "x") it: {field} }}')
    [error] = client.next()["errors"]
    assert (error["path"], error["extensions"]["status"]) == (["it"], 500)
    assert client.hear("complete")
    client.settled()


def test_pings_are_answered_before_the_connection_is_opened_too(app):
    with app.connected() as client:
        client.say("ping")
        assert client.hear() == {"type": "pong"}
        client.open()
        client.say("ping", payload={"x": 1})
        assert client.hear() == {"type": "pong"}
        client.say("pong")
        client.settled()


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"type": "nothing"}',
        '{"type": ["ping"]}',
        '{"type": "next", "id": "1"}',
        '{"type": "ping", "payload": 1}',
        '{"type": "complete"}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ echo }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ echo }"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ echo }", "variables": []}}',
        b"{}",
    ],
)
def test_what_is_no_message_hangs_up(client, text):
    client.connection.send(text)
    assert client.code() == 4400


def test_an_operation_before_the_connection_is_opened_hangs_up(app):
    with app.connected() as client:
        client.ask(NEWS)
        assert client.code() == 4401


def test_opening_twice_hangs_up(client):
    client.say("connection_init")
    assert client.code() == 4429


def test_an_id_that_is_taken_hangs_up(client):
    client.ask(NEWS, "é" * 100)
    client.ask(NEWS, "é" * 100)
    assert client.code() == 4409


@pytest.mark.parametrize("given", ["payload", "header"])
def test_a_token_that_is_not_valid_hangs_up(app, given):
    header = {"Authorization": "Bearer no"} if given == "header" else None
    with app.connected(additional_headers=header) as client:
        if given == "payload":
            client.say("connection_init", payload={"Authorization": "Bearer é"})
        assert client.code() == 4403


def test_another_subprotocol_hangs_up(app):
    with app.connected(subprotocols=["graphql-ws"]) as client:
        assert client.connection.subprotocol is None
        assert client.code() == 4406
    with app.connected(subprotocols=["x", SUBPROTOCOL]) as client:
        assert client.connection.subprotocol == SUBPROTOCOL


def test_who_opens_no_connection_is_hung_up_on(app, monkeypatch):
    monkeypatch.setattr("servey_graphql.subscriptions.connection.INIT_SECONDS", 0.1)
    with app.connected() as client:
        client.say("ping")
        assert client.code() == 4408


def test_a_token_that_expires_hangs_up(app):
    with app.connected() as client:
        expires = int(time.time()) + 3  # a token has whole seconds
        client.open(payload={"Authorization": token(app, seconds=3)})
        client.ask(NEWS)
        client.settled()
        assert client.code() == 4403
        assert 0 <= time.time() - expires < 2


@pytest.mark.parametrize(
    ("origin", "may"),
    [("https://app.example.com", True), ("https://evil.example", False), (None, True)],
)
def test_pages_of_other_origins_connect_where_they_may(app, origin, may):
    if may:
        with app.connected(origin=origin) as client:
            client.open()
        return
    with pytest.raises(InvalidStatus), app.connected(origin=origin):
        pass


def test_who_is_too_slow_is_told_that_events_are_lost(app):
    with app.connected(max_queue=1) as client:
        client.open()
        client.ask(NEWS)
        client.settled()
        long = "x" * 1000
        for _ in range(40):
            app.publish(big_news, *[Note(long, ANN)] * 500)
        while (message := client.hear())["type"] == "next":
            assert message["payload"]["data"] == {"bigNews": {"text": long}}
        assert message["payload"][0]["extensions"]["status"] == 503
        client.settled()


def test_what_is_no_event_is_passed_over(app, client, caplog):
    client.ask(NEWS)
    client.settled()
    transport = app.runtime.transport_of(big_news)
    transport.publish(big_news, json.dumps({"text": 1}).encode())
    app.publish(big_news, Note("b", ANN))
    assert texts(client, "bigNews", 1) == ["b"]
    assert "is not of its type" in caplog.text


def test_subscriptions_are_documents_that_may_be_persisted(tmp_path):
    listed = tmp_path / "documents.json"
    listed.write_text(json.dumps({"news": NEWS}))
    settings = {
        "channels_url": "memory:",
        "graphql_persisted_documents": str(listed),
        "graphql_only_persisted": True,
    }
    with Subscribed.running(APPLICATION, **settings) as app, app.connected() as client:
        client.open()
        client.ask(NEWS)
        client.say("subscribe", id="2", payload={"documentId": "news"})
        client.ask("subscription { counts }", "3")
        refused = client.hear("error")
        assert (refused["id"], refused["payload"][0]["extensions"]["status"]) == ("1", 403)
        refused = client.hear("error")
        assert (refused["id"], refused["payload"][0]["extensions"]["status"]) == ("3", 403)
        client.say("ping")
        client.hear("pong")  # the server had nothing else to do before it
        app.publish(big_news, Note("a", ANN))
        assert texts(client, "bigNews", 1) == ["a"]


def test_no_more_clients_are_served_than_may_be():
    settings = {"channels_url": "memory:", "graphql_max_connections": 1}
    with Subscribed.running(APPLICATION, **settings) as app, app.connected() as first:
        first.open()
        with app.connected() as second:
            assert second.code() == 1013
        first.settled()


def test_clients_are_asked_to_come_back_when_the_server_leaves():
    with Subscribed.running(APPLICATION, channels_url="memory:") as app:
        held = app.connected()
        client = held.__enter__().open()
        client.ask(NEWS)
        client.settled()
    assert client.code() == 1012
    held.__exit__(None, None, None)
