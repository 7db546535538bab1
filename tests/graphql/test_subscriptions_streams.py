"""GraphQL over server-sent events: each operation on a connection of its own."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from subscribing import APPLICATION, Author, Note, Subscribed, big_news, mine
from waiting import PATIENCE

from servey_core import Authorization

NEWS = "subscription { bigNews { text } }"
ANN = Author("ann")
EVENT_STREAM = "text/event-stream"


@pytest.fixture(scope="module")
def app():
    settings = {"channels_url": "memory:", "graphql_max_connections": 3}
    with Subscribed.running(APPLICATION, **settings) as served:
        yield served


class Stream:
    """What a response says, by and by."""

    def __init__(self, response):
        self.response = response
        self.lines = response.iter_lines()

    def events(self):
        """The events, as their names and their data."""
        name = ""
        for line in self.lines:
            key, _, value = line.partition(":")
            if key == "event":
                name = value.strip()
            if key == "data":
                yield name, json.loads(value) if value.strip() else None

    def begun(self):
        """Wait until the operation is under way."""
        assert next(self.lines) == ":"
        return self


@contextmanager
def streamed(app, query, *, method="POST", accept=EVENT_STREAM, headers=None, **members):
    body = {"query": query, **members}
    given = {"json": body} if method == "POST" else {"params": body}
    fields = {"Accept": accept, **(headers or {})}
    with app.client.stream(method, "/graphql", headers=fields, **given) as response:
        yield Stream(response)


def publish_until(app, channel, *events):
    """Publish again and again: nothing tells from outside when a stream has subscribed."""
    done = threading.Event()

    def publish():
        while not done.wait(0.02):
            app.publish(channel, *events)

    threading.Thread(target=publish, daemon=True).start()
    return done


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_subscription_streams_a_result_for_each_event(app, method):
    with streamed(app, NEWS, method=method) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        done = publish_until(app, big_news, Note("a", ANN), Note("b", ANN))
        events = stream.events()
        told = [next(events) for _ in range(2)]
        done.set()
    assert told == [("next", {"data": {"bigNews": {"text": text}}}) for text in "ab"]


def test_each_client_gets_what_the_filter_has_for_it(app):
    query = "subscription { mine { text } }"
    notes = [Note("1", ANN), Note("2", Author("bob"))]
    with (
        streamed(app, query, headers=app.credentials()) as ann,
        streamed(app, query, headers=app.credentials(subject="bob")) as bob,
    ):
        done = publish_until(app, mine, *notes)
        told = [[next(events)[1] for _ in range(2)] for events in (ann.events(), bob.events())]
        done.set()
    assert told == [[{"data": {"mine": {"text": text}}}] * 2 for text in "12"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_has_one_result(app, method):
    with streamed(app, '{ echo(text: "hi") }', method=method) as stream:
        assert list(stream.events()) == [("next", {"data": {"echo": "hi"}}), ("complete", None)]


def test_mutations_are_run_by_post_alone(app):
    with streamed(app, "mutation { change }") as stream:
        assert next(stream.events()) == ("next", {"data": {"change": 1}})
    with streamed(app, "mutation { change }", method="GET") as stream:
        [refused, complete] = stream.events()
    assert refused[1]["errors"][0]["extensions"]["status"] == 405
    assert complete == ("complete", None)


@pytest.mark.parametrize(
    ("query", "status"),
    [("subscription { nowhere }", 400), ("{", 400), ("subscription { secret { text } }", 401)],
)
def test_what_cannot_be_run_is_told_by_a_result(app, query, status):
    with streamed(app, query) as stream:
        assert stream.response.status_code == 200
        [(name, result), complete] = stream.events()
    assert name == "next"
    assert result["errors"][0]["extensions"]["status"] == status
    assert "data" not in result
    assert complete == ("complete", None)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"query=x", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"json": {"query": NEWS}, "headers": {"Authorization": "Bearer no"}}, 401),
    ],
)
def test_what_is_no_request_is_a_problem(app, request_, status):
    headers = {"Accept": EVENT_STREAM, **request_.pop("headers")}
    answer = app.client.post("/graphql", headers=headers, **request_)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "accept",
    [
        "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
        "text/event-stream, */*",
    ],
)
def test_who_takes_both_is_streamed_subscriptions_alone(app, accept):
    headers = {"Accept": accept}
    answer = app.client.post("/graphql", headers=headers, json={"query": '{ echo(text: "a") }'})
    assert answer.json() == {"data": {"echo": "a"}}
    answer = app.client.post("/graphql", headers=headers, json={"query": "{ nowhere }"})
    assert answer.json()["errors"]
    answer = app.client.post("/graphql", headers=headers, content=b"{")
    assert answer.json()["errors"]
    with streamed(app, NEWS, accept=accept) as stream:
        done = publish_until(app, big_news, Note("a", ANN))
        assert next(stream.events())[0] == "next"
        done.set()


def test_a_subscription_is_refused_to_who_takes_one_result(app):
    headers = {"Accept": "application/graphql-response+json"}
    answer = app.client.post("/graphql", headers=headers, json={"query": NEWS})
    assert answer.status_code == 400
    assert "text/event-stream" in answer.json()["errors"][0]["message"]
    assert app.client.head("/graphql?query={a}", headers={"Accept": EVENT_STREAM}).content == b""


def test_a_token_that_expires_ends_the_stream(app):
    expires_at = datetime.now(UTC) + timedelta(seconds=3)
    authorization = Authorization("ann", frozenset(), expires_at=expires_at)
    header = {"Authorization": f"Bearer {app.runtime.authorizer.issue(authorization)}"}
    with streamed(app, "subscription { mine { text } }", headers=header) as stream:
        assert list(stream.events()) == []
    assert timedelta(seconds=-1) < datetime.now(UTC) - expires_at < timedelta(seconds=2)


def test_a_client_without_results_is_sent_comments(app, monkeypatch):
    monkeypatch.setattr("servey_web.event_streams.HEARTBEAT_SECONDS", 0.05)
    with streamed(app, NEWS) as stream:
        heard = [next(stream.lines) for _ in range(6)]
    assert heard == [":", ""] * 3


def test_no_more_streams_are_served_than_may_be(app):
    with streamed(app, NEWS) as one, streamed(app, NEWS) as two, streamed(app, NEWS) as three:
        for stream in (one, two, three):
            stream.begun()
        answer = app.client.post("/graphql", headers={"Accept": EVENT_STREAM}, json={"query": NEWS})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


def test_streams_end_when_the_server_leaves():
    with Subscribed.running(APPLICATION, channels_url="memory:") as app:
        heard = []

        def listen():
            with httpx.Client(trust_env=False) as client:
                fields = {"Accept": EVENT_STREAM}
                body = {"query": NEWS}
                url = f"{app.url}/graphql"
                with client.stream("POST", url, headers=fields, json=body) as response:
                    begun.set()
                    heard.extend(Stream(response).events())

        begun = threading.Event()
        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        assert begun.wait(PATIENCE)
    listening.join(PATIENCE)
    assert not listening.is_alive()
    assert heard == []
