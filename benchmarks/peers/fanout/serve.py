"""Serves the clients of one library, on a socket that another process opened.

All by uvicorn, with one worker, uvloop, httptools, `websockets`, no compression, no pings and no
access log; Servey by its own service, which sets the same.
"""

import asyncio
import socket
import sys

import uvicorn
import uvloop

from peers import SERVEY
from peers.fanout import FANOUT_PEERS
from servey_core import Runtime, ServiceContext


def main(descriptor: str, peer: str) -> None:
    """Serve until the process is ended.

    Args:
        descriptor: The number of the socket.
        peer: Whose server it is.
    """
    listening = socket.socket(fileno=int(descriptor))
    listening.setblocking(False)
    if peer == SERVEY:
        from peers.fanout import servey

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(servey.runtime(), listening))
        return
    config = uvicorn.Config(
        FANOUT_PEERS[peer].make(),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        access_log=False,
        timeout_keep_alive=3600,
        log_level="critical",  # clients that hang up are nothing to tell of
    )
    uvicorn.Server(config).run([listening])


async def _serve(runtime: Runtime, listening: socket.socket) -> None:
    service = runtime.services()["web"].record
    await service.run(ServiceContext(asyncio.Event(), 1.0, [listening], lambda: None))


if __name__ == "__main__":
    main(*sys.argv[1:])
