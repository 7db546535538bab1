"""The files that the explorer is made of: GraphiQL's bundle, where it was made, and our own."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_HERE = Path(__file__).parent
_OURS = _HERE / "static"
_BUNDLE = _HERE / "bundle"
_KINDS = frozenset((".css", ".js", ".svg", ".ttf", ".txt"))


@cache
def bundled() -> bool:
    """Whether GraphiQL's bundle is here; it is where npm was when the distribution was built."""
    return (_BUNDLE / "graphiql.js").is_file()


@cache
def asset_files() -> Mapping[str, Path]:
    """Where each file is, by its name."""
    folders = (_BUNDLE, _OURS) if bundled() else (_OURS,)
    files = (file for folder in folders for file in sorted(folder.iterdir()))
    return MappingProxyType({file.name: file for file in files if file.suffix in _KINDS})


@cache
def assets_version() -> str:
    """A name for the files as they are; it changes when any of them does."""
    digest = hashlib.sha256()
    for name, file in sorted(asset_files().items()):
        digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]
