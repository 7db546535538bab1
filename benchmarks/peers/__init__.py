"""Applications that do the same, one module for each framework.

Each module has factories `(case, paths) -> ASGI application`: the action of the case at each of
the paths, and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

BARE = "bare ASGI + pydantic"
FASTAPI = "FastAPI async def"
FASTAPI_DEF = "FastAPI def"
LITESTAR = "Litestar"
BLACKSHEEP = "BlackSheep"
SERVEY = "servey"
SERVEY_LOG = "servey, access log"
SERVEY_THREAD = "servey, sync action"
SERVEY_INLINE = "servey, sync_to_thread=False"

Application = Callable[..., Any]


@dataclass(frozen=True)
class Peer:
    """One way to write the application.

    Attributes:
        module: The module here.
        factory: The function in it.
        needs: What has to be installed.
    """

    module: str
    factory: str = "application"
    needs: str = ""

    def make(self, case: str, paths: Sequence[str]) -> Application:
        """Make the ASGI application.

        Raises:
            ModuleNotFoundError: What it needs is not installed.
        """
        made: Application = getattr(import_module(f"peers.{self.module}"), self.factory)(
            case, paths
        )
        return made

    @property
    def installed(self) -> bool:
        """Whether what it needs is there."""
        try:
            import_module(f"peers.{self.module}")
        except ModuleNotFoundError as error:
            if error.name != self.needs:
                raise
            return False
        return True


PEERS = {
    BARE: Peer("bare"),
    "Starlette": Peer("starlette"),
    FASTAPI: Peer("fastapi"),
    FASTAPI_DEF: Peer("fastapi", "sync_application"),
    LITESTAR: Peer("litestar", needs="litestar"),
    BLACKSHEEP: Peer("blacksheep", needs="blacksheep"),
    SERVEY: Peer("servey"),
    SERVEY_LOG: Peer("servey", "logging_application"),
}
"""What is compared, from the limit down."""

SYNC_PEERS = {
    FASTAPI_DEF: Peer("fastapi", "sync_application"),
    SERVEY_THREAD: Peer("servey", "sync_application"),
    SERVEY_INLINE: Peer("servey", "inline_application"),
}
"""Functions that may block, and how they are run."""
