"""Which Python a library runs under: this one, or that of an environment of its own.

arq and SAQ allow other versions of redis-py than Celery and Taskiq do, so that no environment has
them all. Each of the two gets one, with the newest versions that it allows; it is kept for the next
time.
"""

import subprocess
import sys
import venv
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from peers.jobs import JobPeer

_TELL = """
import sys, importlib.metadata as metadata
print(" with ".join(f"{name} {metadata.version(name)}" for name in sys.argv[1:]))
"""
_KEPT = Path(__file__).parents[2] / ".nox" / "peers"


def usable(peers: dict[str, JobPeer]) -> dict[str, JobPeer]:
    """Those that are installed, or could be just now; the others are named."""
    found = {}
    for name, peer in peers.items():
        if lacking := [module for module in peer.needs if find_spec(module) is None]:
            print(f"{name} is left out: there is no module {', '.join(lacking)}")
        elif peer.apart and not _made(peer.module, peer.apart):
            print(f"{name} is left out: no environment could be made with {peer.apart[0]}")
        else:
            found[name] = peer
    return found


def python(peer: JobPeer) -> str:
    """The Python that has the library."""
    return str(_interpreter(peer.module)) if peer.apart else sys.executable


def versions(peers: Iterable[JobPeer]) -> list[str]:
    """The versions of the libraries that have environments of their own, and of their redis-py."""
    return [_version(peer) for peer in peers if peer.apart]


def _version(peer: JobPeer) -> str:
    words = [python(peer), "-c", _TELL, peer.module, "redis"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return told.strip()


@cache
def _made(name: str, requirements: tuple[str, ...]) -> bool:
    """Have an environment with these; whether it could be made."""
    mark, told = _KEPT / name / "made-with.txt", "\n".join(requirements)
    if mark.exists() and mark.read_text() == told:
        return True
    venv.create(_KEPT / name, clear=True, with_pip=True)
    words = [str(_interpreter(name)), "-m", "pip", "install", *requirements]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr)
        return False
    mark.write_text(told)
    return True


def _interpreter(name: str) -> Path:
    return _KEPT / name / "bin" / "python"
