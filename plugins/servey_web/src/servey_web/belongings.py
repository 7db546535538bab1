"""What an application has one of in the web host, made when it is first asked for."""

from collections.abc import Callable
from threading import RLock
from typing import TypeVar

from servey_core import Runtime

OneT = TypeVar("OneT")

_MAKING = RLock()


def one_of(runtime: Runtime, kind: type[OneT], make: Callable[[], OneT]) -> OneT:
    """The one of a kind that an application has; it goes when the application does.

    Args:
        runtime: The application.
        kind: Its class.
        make: What makes it, where there is none yet.
    """
    with _MAKING:
        kept: dict[type, OneT] = vars(runtime).setdefault("servey_web", {})
        if kind not in kept:
            kept[kind] = make()
        return kept[kind]
