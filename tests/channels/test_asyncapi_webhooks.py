"""What the AsyncAPI document says of webhooks."""

from asyncapi_reading import faults, faults_of
from pydantic import BaseModel

from servey_channels.asyncapi import asyncapi_document
from servey_core import Runtime, start, webhook_channel, websocket_channel


class Order(BaseModel):
    item: str
    count: int = 1


def application(*channels: object) -> Runtime:
    return start(actions=[], channels=channels, given={"state": "memory:", "broker": "memory:"})


def hooks() -> object:
    return webhook_channel(
        "orders",
        Order,
        url="https://example.com/hook",
        secret="whsec_" + "A" * 32,
        description="What is ordered.",
        examples=(Order(item="tea"),),
    )


def test_a_webhook_is_what_the_application_sends() -> None:
    document = asyncapi_document(application(hooks(), websocket_channel("news", Order)))
    assert list(faults(document)) == []
    operation = document["operations"]["orders.webhook"]
    assert operation["action"] == "send"
    channel = document["channels"]["orders.webhook"]
    assert channel["address"] is None
    assert channel["servers"] == [{"$ref": "#/servers/subscriber"}]
    message = document["components"]["messages"]["orders.webhook"]
    assert faults_of(document, message["payload"], {"item": "tea", "count": 1}) == []
    assert set(message["headers"]["required"]) == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    assert "example.com/hook" not in str(document)


def test_webhooks_alone_have_no_socket() -> None:
    document = asyncapi_document(application(hooks()))
    assert set(document["servers"]) == {"subscriber"}
    assert set(document["channels"]) == {"orders.webhook"}
