"""The bounded websocket protocol knows the insides of uvicorn's; this pins them."""

import inspect

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from servey_web import websocket_protocol
from servey_web.server import uvicorn_config
from servey_web.settings import WebSettings
from servey_web.websocket_protocol import BoundedWebSockets, bounded_websockets


def test_uvicorn_is_as_the_bounded_protocol_expects():
    assert bounded_websockets() is BoundedWebSockets
    source = inspect.getsource(WebSocketsSansIOProtocol)
    for part in (
        "self.frames.append(event.data)",
        "self.writable.clear()",
        "assert self.conn.close_sent is not None",
        "self.read_paused = True",
    ):
        assert part in source, part


def test_uvicorn_serves_alone_where_it_is_not_as_expected(monkeypatch, caplog):
    monkeypatch.setattr(websocket_protocol, "REQUIRED", ("no_such_method",))
    assert uvicorn_config(None, WebSettings()).ws == "websockets-sansio"
    assert "not bounded" in caplog.text


def test_pings_are_as_often_as_the_settings_say():
    config = uvicorn_config(None, WebSettings(websocket_ping_seconds=3))
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (3, 3)
    usual = WebSettings().websocket_ping_seconds
    assert usual * 2 <= 45
