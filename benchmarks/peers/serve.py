"""Serves one application on a socket that another process opened: `measuring.loopback` runs it.

All by uvicorn, with one worker, uvloop, httptools and no access log; Servey by its own service,
whose bounds of headers are in the protocol.
"""

import asyncio
import socket
import sys

import uvicorn
import uvloop

from peers import PEERS, SERVEY
from peers.contract import CASES


def main(name: str, case: str, actions: str, descriptor: str) -> None:
    """Serve until the process is ended."""
    listening = socket.socket(fileno=int(descriptor))
    listening.setblocking(False)
    paths = CASES[case].paths(int(actions))
    if name == SERVEY:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve_servey(case, paths, listening))
        return
    config = uvicorn.Config(
        PEERS[name].make(case, paths),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run([listening])


async def _serve_servey(case: str, paths: list[str], listening: socket.socket) -> None:
    from peers.servey import runtime
    from servey_core import ServiceContext

    service = runtime(case, paths).services()["web"].record
    await service.run(ServiceContext(asyncio.Event(), 1.0, [listening], lambda: None))


if __name__ == "__main__":
    main(*sys.argv[1:])
