"""Subscriptions as the clients of their protocols' authors see them, under Node."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "channels"))

from talk_server import talking

SOCKETS = """
import { createClient } from "graphql-ws";
import WebSocket from "ws";
const url = process.argv[1];
const client = createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket });
"""
STREAMS = """
import { createClient } from "graphql-sse";
const url = process.argv[1];
const client = createClient({ url });
"""
ASKING = """
async function first(query) {
  for await (const result of client.iterate({ query })) return result;
}
const refusal = (error) => error[0];
const event = first("subscription { messenger { text } }");
const sending = setInterval(() => {
  fetch(`${url}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: 'mutation { announce(text: "hi") }' }),
  });
}, 100);
const told = {
  event: await event,
  query: await first("{ __typename }"),
  wrong: await first("subscription { nowhere }").then(({ errors }) => errors[0], refusal),
};
clearInterval(sending);
await client.dispose();
console.log(JSON.stringify(told));
process.exit();
"""


@pytest.mark.parametrize("client", [SOCKETS, STREAMS], ids=["graphql-ws", "graphql-sse"])
def test_it_subscribes(node: Callable[..., Any], client: str) -> None:
    with talking(PLUGINS_DENY="") as server:  # with GraphQL
        told = node(client + ASKING, str(server.base_url.join("/graphql")))
    assert told["event"] == {"data": {"messenger": {"text": "hi"}}}
    assert told["query"] == {"data": {"__typename": "Query"}}
    assert told["wrong"]["extensions"]["status"] == 400
