"""The client of channels under Node, with the package `ws`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "channels"))

from talk_server import talking

from servey_channels.client import CLIENT_FILE

TALK = """
import { readFileSync } from "node:fs";
import WebSocket from "ws";
const [file, url] = process.argv.slice(1);
const text = readFileSync(file, "utf8");
const { connect } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
const client = connect(url, { WebSocket });
const events = [];
const all = new Promise((found) => {
  client.subscribe("messenger", ({ text }) => events.push(text) === 20 && found());
});
const sent = Array.from({ length: 20 }, (_, n) => client.send("messenger", { text: `${n}` }));
const acks = await Promise.all(sent);
await all;
const refused = await client.send("messenger", { text: "" }).catch(({ status }) => status);
client.close();
console.log(JSON.stringify({ events: events.sort((a, b) => a - b), acks, refused }));
"""


def test_it_subscribes_and_sends(node: Callable[..., Any]) -> None:
    with talking() as server:
        told = node(TALK, str(CLIENT_FILE), str(server.base_url.join("/subscription")))
    assert told["events"] == [str(number) for number in range(20)]
    assert told["acks"] == [len(str(number)) for number in range(20)]
    assert told["refused"] == 422
