"""Applications that do the same, one module for each framework.

Each module has factories `(case, paths) -> ASGI application`: the action of the case at each of
the paths, and nothing else.

The folder of the benchmarks comes last of what is searched for modules, as soon as this is
imported: `benchmarks/graphql.py` is called like the library.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
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

_HERE = Path(__file__).resolve().parents[1]
sys.path.sort(key=lambda entry: Path(entry).resolve() == _HERE)


@dataclass(frozen=True)
class Peer:
    """One way to write the application.

    Attributes:
        module: The module here.
        factory: The function in it.
        needs: What has to be installed.
        modules: The modules that it brings, if they are called otherwise.
    """

    module: str
    factory: str = "application"
    needs: str = ""
    modules: tuple[str, ...] = ()

    def make(self, *arguments: Any) -> Application:
        """Make the ASGI application: `arguments` are what the factory takes.

        Raises:
            ModuleNotFoundError: What it needs is not installed.
        """
        factory: Callable[..., Application] = getattr(
            import_module(f"peers.{self.module}"), self.factory
        )
        return factory(*arguments)

    @property
    def installed(self) -> bool:
        """Whether what it needs is there."""
        try:
            import_module(f"peers.{self.module}")
        except ModuleNotFoundError as error:
            if error.name not in (self.needs, *self.modules):
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
