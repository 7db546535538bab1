"""Servers that give each event to all their clients, one module for each library.

Each module has a function `application()`, which makes the ASGI application; Servey's has
`runtime()`. Events are published within the process of the server, when that is asked over HTTP.
"""

from dataclasses import dataclass

from peers import SERVEY, Peer

LIMIT = "bare loop, prebuilt frames"
SEND_JSON = "Starlette, send_json each"
SEND_TEXT = "Starlette, encoded once"
BROADCASTER = "FastAPI + broadcaster"
LITESTAR = "Litestar channels"
SOCKETIO = "python-socketio"


@dataclass(frozen=True)
class FanoutPeer(Peer):
    """One way to write the server.

    Attributes:
        path: Where clients connect.
        hello: What a client says first; nothing where it need not.
    """

    path: str = "/ws"
    hello: str = ""


FANOUT_PEERS = {
    LIMIT: FanoutPeer("fanout.bare"),
    SERVEY: FanoutPeer("fanout.servey", path="/subscription/messenger"),
    SEND_JSON: FanoutPeer("fanout.starlette"),
    SEND_TEXT: FanoutPeer("fanout.starlette", "encoding_once"),
    BROADCASTER: FanoutPeer("fanout.broadcaster", needs="broadcaster"),
    LITESTAR: FanoutPeer("fanout.litestar", needs="litestar", path="/messenger"),
    SOCKETIO: FanoutPeer(
        "fanout.socketio",
        needs="python-socketio",
        modules=("socketio",),
        path="/socket.io/?EIO=4&transport=websocket",
        hello="40",
    ),
}
"""What is compared, from the limit down."""
