"""The AsyncAPI document is true: a client that knows nothing else can talk to the server."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from asyncapi_reading import (
    Json,
    faults,
    faults_of,
    fits,
    found,
    messages,
    url_of,
)
from talk_server import PASSWORD, generated, talking
from waiting import PATIENCE
from websockets.sync.client import ClientConnection, connect

from servey_channels.sockets.messages import ClientMessage


@pytest.fixture(scope="module")
def served() -> Iterator[httpx.Client]:
    with talking() as client:
        yield client


@pytest.fixture(scope="module")
def document(served: httpx.Client) -> Json:
    answer = served.get("/asyncapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    return dict(answer.json())


@pytest.fixture(scope="module")
def token(document: Json) -> str:
    """A token with all scopes, from where the document says that one is to be had."""
    scheme = document["components"]["securitySchemes"]["debug_login"]
    flow = scheme["flows"]["password"]
    form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
    scopes = {"scope": " ".join(flow["availableScopes"])}
    answer = httpx.post(flow["tokenUrl"], data={**form, **scopes}, trust_env=False)
    return str(answer.json()["access_token"])


class Conversation:
    """A websocket that is only used as a document says."""

    def __init__(self, document: Json, channel: Json, connection: ClientConnection) -> None:
        self.document = document
        self.received: list[Json] = []
        self._connection = connection
        self._known = messages(document, list(channel["messages"].values()))

    def say(self, payload: Json) -> None:
        self._connection.send(json.dumps(payload))

    def hear(self) -> Json:
        """The next frame, which is as one of the channel's messages is."""
        frame = json.loads(self._connection.recv(PATIENCE))
        assert any(fits(self.document, one, frame) for one in self._known), frame
        self.received.append(frame)
        return dict(frame)

    def answer(self, payload: Json, replies: list[Json]) -> Json:
        """What comes back, by the `correlationId` of the messages."""
        self.say(payload)
        while (frame := self.hear()).get("id") != payload["id"]:
            pass
        assert any(fits(self.document, one, frame) for one in replies), (payload, frame)
        return frame


def talk(document: Json, name: str, token: str, **parameters: str) -> Conversation:
    """Send every example of what the application receives on a channel."""
    channel = document["channels"][name]
    url = url_of(document, channel, **parameters)
    headers = {"Authorization": f"Bearer {token}"}
    with connect(url, additional_headers=headers, proxy=None) as connection:
        talk = Conversation(document, channel, connection)
        numbers = iter(range(1000, 2000))
        for operation in document["operations"].values():
            if operation["action"] != "receive" or "reply" not in operation:
                continue
            if found(document, operation["channel"]) is not channel:
                continue
            replies = messages(document, operation["reply"]["messages"])
            for message in messages(document, operation["messages"]):
                assert message["correlationId"] == {"location": "$message.payload#/id"}
                for example in message["examples"]:
                    talk.answer({**example["payload"], "id": next(numbers)}, replies)
        return talk


def test_it_is_as_it_should_be(document: Json) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert list(faults(document)) == []


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (
            lambda one: one["channels"]["socketOfOneChannel"].pop("parameters"),
            "socketOfOneChannel: the parameters {'channel'} are not",
        ),
        (
            lambda one: one["components"]["schemas"].pop("Words"),
            "#/components/schemas/Words is nowhere",
        ),
        (
            lambda one: one["channels"]["socket"]["messages"].pop("orders.event"),
            "orders.event is no message of its channel",
        ),
    ],
)
def test_what_is_wrong_would_be_noticed(document: Json, spoil: Any, complaint: str) -> None:
    spoilt = json.loads(json.dumps(document))
    spoil(spoilt)
    try:
        assert any(complaint in one for one in faults(spoilt))
    except Exception as error:  # noqa: BLE001 - a validator that cannot follow a reference
        assert "Words" in str(error)  # noqa: PT017


def test_the_command_says_the_same(served: httpx.Client) -> None:
    said = generated(PORT=str(served.base_url.port), DEBUG_AUTHENTICATOR_PASSWORD=PASSWORD)
    assert said == served.get("/asyncapi.json").content


def test_a_client_talks_by_it_alone(document: Json, token: str) -> None:
    talk_of_all = talk(document, "socket", token)
    kinds = {frame["type"] for frame in talk_of_all.received}
    wanted = {"welcome", "subscribed", "unsubscribed", "ack", "error", "pong"}
    assert wanted <= kinds
    acks = [one for one in talk_of_all.received if one["type"] == "ack"]
    assert {one["channel"] for one in acks} == {"messenger", "orders", "whoami"}


def test_events_are_as_it_says(document: Json, token: str) -> None:
    """Subscribe to each channel that events are sent on, and have them sent."""
    channel = document["channels"]["socket"]
    headers = {"Authorization": f"Bearer {token}"}
    url = url_of(document, channel)
    with connect(url, additional_headers=headers, proxy=None) as connection:
        conversation = Conversation(document, channel, connection)
        for name in ("messenger", "orders"):
            conversation.say({"type": "subscribe", "channel": name})
            sent = document["components"]["messages"][f"{name}.send"]
            event = document["components"]["messages"][f"{name}.event"]
            conversation.say(sent["examples"][0]["payload"])
            while (frame := conversation.hear())["type"] != "event":
                pass
            assert faults_of(document, event["payload"], frame) == []


def test_each_channel_has_an_address(document: Json, token: str) -> None:
    channel = document["channels"]["socketOfOneChannel"]
    for name in channel["parameters"]["channel"]["enum"]:
        url = url_of(document, channel, channel=name)
        headers = {"Authorization": f"Bearer {token}"}
        with connect(url, additional_headers=headers, proxy=None) as connection:
            conversation = Conversation(document, channel, connection)
            assert conversation.hear()["type"] == "welcome"
            assert conversation.hear()["type"] == "subscribed"


def test_a_browser_shows_who_it_is_by_a_subprotocol(document: Json, token: str) -> None:
    scheme = document["components"]["securitySchemes"]["subprotocol"]
    assert scheme["name"] == "Sec-WebSocket-Protocol"
    channel = document["channels"]["socket"]
    offered = ["servey", f"bearer.{token}"]
    with connect(url_of(document, channel), subprotocols=offered, proxy=None) as connection:
        assert connection.subprotocol == "servey"
        conversation = Conversation(document, channel, connection)
        conversation.say({"type": "subscribe", "channel": "orders"})
        assert [conversation.hear()["type"] for _ in range(2)] == ["welcome", "subscribed"]


def test_streams_are_as_it_says(document: Json, token: str, served: httpx.Client) -> None:
    for name in ("messenger", "orders", "worries"):
        channel = document["channels"][f"{name}.stream"]
        known = messages(document, list(channel["messages"].values()))
        request = document["components"]["messages"]["stream.request"]["examples"][1]["headers"]
        headers = {**request, "Authorization": f"Bearer {token}"}
        url = url_of(document, channel)
        with httpx.stream("GET", url, headers=headers, trust_env=False) as stream:
            assert stream.status_code == 200
            event = first_event(stream)
        payload = json.loads(event.pop("data"))
        assert any(
            fits(document, one, payload) and not faults_of(document, one["headers"], event)
            for one in known
            if "payload" in one and "headers" in one
        )


def test_a_refused_stream_is_as_it_says(document: Json) -> None:
    channel = document["channels"]["orders.stream"]
    refused = found(document, channel["messages"]["stream.refused"])
    answer = httpx.get(url_of(document, channel), trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == refused["contentType"]
    assert fits(document, refused, answer.json())


def first_event(stream: httpx.Response) -> dict[str, str]:
    """The first event that has data."""
    fields: dict[str, str] = {}
    for line in stream.iter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            return fields
        else:
            fields = {}
    raise AssertionError("the stream ended")


def test_what_clients_say_is_what_is_read(document: Json) -> None:
    """The schemas have the members that the reader's models have."""
    described: dict[str, list[Json]] = {}
    for message in document["components"]["messages"].values():
        described.setdefault(message["name"], []).append(message.get("payload"))
    for model in get_args(ClientMessage):
        [kind] = get_args(model.model_fields["type"].annotation)
        for schema in described[kind]:
            assert set(schema["properties"]) == set(model.model_fields)
            needed = {name for name, one in model.model_fields.items() if one.is_required()}
            assert needed <= set(schema["required"]) <= needed | {"data"}
            assert schema["additionalProperties"] is False


def test_types_have_the_names_that_they_have_elsewhere(document: Json) -> None:
    names = set(document["components"]["schemas"])
    assert names == {"Line", "LineInput", "Order", "OrderInput", "Problem", "Words", "talk.Problem"}


def test_it_says_who_may(document: Json) -> None:
    operations = document["operations"]
    assert "security" not in operations["messenger.event"]
    asked = operations["orders.event"]["security"]
    scopes = {tuple(one.get("scopes", one.get("x-scopes"))) for one in asked}
    assert scopes == {("orders",), ("root",)}
    assert {"$ref": "#/components/securitySchemes/bearer"} in operations["whoami.send"]["security"]


def test_the_address_from_outside_is_a_setting() -> None:
    document = json.loads(generated(ASYNCAPI_URL="https://api.example.com/talk"))
    websocket, http = document["servers"]["websocket"], document["servers"]["http"]
    assert (websocket["protocol"], http["protocol"]) == ("wss", "https")
    assert (websocket["host"], websocket["pathname"]) == ("api.example.com", "/talk")


def test_outside_development_it_is_not_served() -> None:
    settings = {"ENV": "production", "JWT_SECRET_KEY": "k" * 32, "DRAIN_SECONDS": "0"}
    with talking(**settings) as client:
        assert client.get("/asyncapi.json").status_code == 404
        assert client.get("/asyncapi").status_code == 404
        assert client.get("/servey-client.js").status_code == 200
