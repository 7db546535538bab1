"""The files that the documentation page is made of: Swagger UI's, and a few of our own."""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from servey_core import ConfigurationError

_CARRIER = "fastapi_offline"
_SWAGGER_UI = ("swagger-ui-bundle.js", "swagger-ui.css")
_OWN = ("docs.css", "docs.js", "favicon.svg")


@cache
def asset_files() -> Mapping[str, Path]:
    """Where each file is, by its name.

    Raises:
        ConfigurationError: The package that carries Swagger UI does not have it.
    """
    own = Path(__file__).parent / "static"
    carried = _carried_folder()
    files = {name: own / name for name in _OWN} | {name: carried / name for name in _SWAGGER_UI}
    for file in files.values():
        if not file.is_file():
            raise ConfigurationError(
                f"The documentation page lacks a file: {file}. Reinstall what carries it "
                f"(pip install --force-reinstall fastapi-offline servey-rest), or do without the "
                f"page: SERVEY_DOCS=false."
            )
    return MappingProxyType(files)


@cache
def assets_version() -> str:
    """A name for the files as they are; it changes when any of them does."""
    digest = hashlib.sha256()
    for name, file in sorted(asset_files().items()):
        digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _carried_folder() -> Path:
    """The folder of Swagger UI's files, without importing the package that carries them."""
    spec = find_spec(_CARRIER)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "The documentation page needs Swagger UI: pip install fastapi-offline, "
            "or do without the page: SERVEY_DOCS=false."
        )
    return Path(spec.origin).parent / "static"
