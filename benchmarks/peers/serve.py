"""Serves one application on a socket that another process opened: `measuring.loopback` runs it.

All by uvicorn, with one worker, uvloop, httptools and no access log; Servey by its own service,
whose bounds of headers are in the protocol.
"""

import asyncio
import socket
import sys

import uvicorn
import uvloop

from peers import PEERS, SERVEY, Application
from peers.contract import CASES
from peers.graphql import GRAPHQL_PEERS
from peers.pages import PAGE_PEERS
from servey_core import Runtime


def main(descriptor: str, contest: str, peer: str, *what: str) -> None:
    """Serve until the process is ended.

    Args:
        descriptor: The number of the socket.
        contest: `rest`, `graphql` or `pages`.
        peer: Whose application it is.
        what: For REST, the case and the number of actions.
    """
    listening = socket.socket(fileno=int(descriptor))
    listening.setblocking(False)
    if peer == SERVEY:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve_servey(_runtime(contest, *what), listening))
        return
    config = uvicorn.Config(
        _application(contest, peer, *what),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run([listening])


def _application(contest: str, peer: str, case: str = "", actions: str = "1") -> Application:
    if contest == "graphql":
        return GRAPHQL_PEERS[peer].make()
    if contest == "pages":
        return PAGE_PEERS[peer].make()
    return PEERS[peer].make(case, CASES[case].paths(int(actions)))


def _runtime(contest: str, case: str = "", actions: str = "1") -> Runtime:
    if contest == "graphql":
        from peers.graphql import servey as graphql

        return graphql.runtime()
    if contest == "pages":
        from peers.pages import servey as pages

        return pages.runtime()
    from peers import servey as rest

    return rest.runtime(case, CASES[case].paths(int(actions)))


async def _serve_servey(runtime: Runtime, listening: socket.socket) -> None:
    from servey_core import ServiceContext

    service = runtime.services()["web"].record
    await service.run(ServiceContext(asyncio.Event(), 1.0, [listening], lambda: None))


if __name__ == "__main__":
    main(*sys.argv[1:])
