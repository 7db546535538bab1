"""URLs of static files that name their content, so that browsers may keep them for good."""

from urllib.parse import quote

from servey_core import ConfigurationError, Runtime
from servey_web.belongings import one_of
from servey_web.settings import WebSettings
from servey_web.static_site.fingerprints import fingerprinted
from servey_web.static_site.folders import DEFAULT_FOLDER, site_store
from servey_web.static_site.names import segments_of
from servey_web.static_site.store import FileStore

_LARGEST_AT_START = 1024 * 1024


class Assets:
    """The URLs of the static site's files.

    In development each follows its file as it changes. Elsewhere they are made at start-up, those
    of large files when they are first asked for.

    Args:
        store: The files; None where there is no static site.
        root_path: What stands before every path.
        development: Whether files may change.
    """

    def __init__(self, store: FileStore | None, root_path: str, *, development: bool) -> None:
        self._store = store
        self._root_path = root_path
        self._development = development
        self._paths: dict[str, str] = {}
        if store is not None and not development:
            self._paths = {
                name: path
                for name in store.names(_LARGEST_AT_START)
                if (path := _path_of(store, name))
            }

    @classmethod
    def of(cls, runtime: Runtime) -> "Assets":
        """Those of an application.

        Raises:
            SettingsError: The folder that the settings name is not there.
        """

        def make() -> Assets:
            root_path = runtime.settings.group(WebSettings).root_path
            development = runtime.settings.core.development
            return cls(site_store(runtime), root_path, development=development)

        return one_of(runtime, cls, make)

    def url(self, path: str, root_path: str | None = None) -> str:
        """The URL of a file, with the fingerprint of its content.

        Args:
            path: The file's path in the folder: `css/site.css`.
            root_path: What stands before it; left out, what the settings say.

        Raises:
            ConfigurationError: There is no such file.
        """
        found = self._paths.get(path)
        if found is None:
            found = self._look_up(path)
        return f"{self._root_path if root_path is None else root_path}{found}"

    def _look_up(self, path: str) -> str:
        if self._store is None:
            raise ConfigurationError(
                f"{path!r} is no file of the static site, for there is none: make the folder "
                f"`{DEFAULT_FOLDER}`, or name another by SERVEY_STATIC_SITE."
            )
        found = _path_of(self._store, path)
        if found is None:
            raise ConfigurationError(
                f"The static site {self._store.root} has no file {path!r}.{self._store.hint(path)}"
            )
        if not self._development:
            self._paths[path] = found
        return found


def _path_of(store: FileStore, name: str) -> str | None:
    segments = segments_of(f"/{name}")
    file = store.file(segments) if segments else None
    return f"/{quote(fingerprinted(name, file))}" if file else None
