"""What the scripts that compare applications have in common."""

import argparse
import os
import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from peers import Peer


def heading(distributions: Sequence[str]) -> str:
    """What was measured on, and the versions of what is installed."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores; " + ", ".join(
        f"{name} {found}" for name in distributions if (found := _version(name))
    )


def installed(peers: Mapping[str, Peer]) -> dict[str, Peer]:
    """Those that are; the others are named."""
    found = {name: peer for name, peer in peers.items() if peer.installed}
    for name, peer in peers.items():
        if name not in found:
            print(f"{name} is left out: pip install {peer.needs}")
    return found


def case_names(known: Collection[str]) -> Callable[[str], list[str]]:
    """Reads the option `--cases`."""

    def read(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(
                f"there is no case {', '.join(unknown)}; there are {', '.join(known)}"
            )
        return names

    return read


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
