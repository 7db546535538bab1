"""The static site: what it answers, and what it leaves to others."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from servey_core import Runtime, SettingsError
from servey_core.files import in_thread
from servey_web.fields import location
from servey_web.host import answer_other_method
from servey_web.responses import Refuse
from servey_web.scopes import headers_of, own_path
from servey_web.settings import WebSettings
from servey_web.static_site.folders import site_store
from servey_web.static_site.lookup import INDEX, Found, Lookup, MovedToFolder
from servey_web.static_site.names import segments_of
from servey_web.static_site.recent import RecentFinds
from servey_web.static_site.sending import send_found
from servey_web.static_site.store import FileStore

METHODS = ("GET", "HEAD")
NOT_FOUND_PAGE = "404.html"
"""The file that browsers are shown where there is nothing."""

_RECENT_SECONDS = 1.0
"""How long it may take until a change is seen, outside of development."""
_OK, _NOT_FOUND, _MOVED_FOR_GOOD = 200, 404, 308


class StaticSite:
    """The files of a folder, as an answer to requests.

    Args:
        store: The files.
        lookup: Finds them.
        recent: What was found lately.
        fallback: The names of the file that browsers are shown in place of what is not there.

    Attributes:
        name: What the folder is called, from the working folder where it is below that.
        pages: The paths of pages for people.
    """

    def __init__(
        self,
        store: FileStore,
        lookup: Lookup,
        recent: RecentFinds,
        fallback: tuple[str, ...] | None = None,
    ) -> None:
        self.name = _shown(store.root)
        self.pages = ("/",) if store.file((INDEX,)) else ()
        self._lookup = lookup
        self._recent = recent
        self._fallback = fallback

    async def answers(self, scope: Scope, receive: Receive, send: Send, refuse: Refuse) -> bool:
        """Answer a request; whether there is anything at its path."""
        found = await self._find(scope)
        if found is None:
            return False
        if scope["method"] not in METHODS:
            await answer_other_method(METHODS, scope, send, refuse)
        elif isinstance(found, MovedToFolder):
            await _send_to_folder(found, scope, send)
        else:
            await send_found(found, scope, receive, send)
        return True

    async def shows_instead(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Show a browser a page at a path that nothing is at; whether there is such a page.

        That is the application's own, with the status 200, where the setting names it and the path
        does not end like a file; else the page for what is not found.
        """
        if scope["method"] not in METHODS:
            return False
        accepted = headers_of(scope).get(b"accept-encoding")
        like_a_file = "." in own_path(scope).rpartition("/")[2]
        own = None if like_a_file else self._fallback
        for names, status in ((own, _OK), ((NOT_FOUND_PAGE,), _NOT_FOUND)):
            found = await in_thread(self._lookup.named, names, accepted) if names else None
            if found is not None:
                shown = replace(found, status=status, by_accept=True)
                await send_found(shown, scope, receive, send)
                return True
        return False

    async def _find(self, scope: Scope) -> Found | MovedToFolder | None:
        accepted = headers_of(scope).get(b"accept-encoding")
        asked = own_path(scope), scope.get("raw_path") or b"", accepted
        recent = self._recent.get(asked)
        if recent is not None:
            return recent
        found: Found | MovedToFolder | None = await in_thread(self._lookup.at, *asked)
        if isinstance(found, Found):
            self._recent.add(asked, found)
        return found


def static_site(runtime: Runtime) -> StaticSite | None:
    """The static site of an application, as its settings have it; None where it has none.

    Raises:
        SettingsError: The folder, or the page to fall back to, is not there.
    """
    settings = runtime.settings.group(WebSettings)
    store = site_store(runtime)
    if store is None:
        if settings.static_site_fallback is None:
            return None
        raise SettingsError(
            "SERVEY_STATIC_SITE_FALLBACK names a file of the static site, but there is none: set "
            "SERVEY_STATIC_SITE as well."
        )
    fallback = _fallback(settings.static_site_fallback, store)
    recent = RecentFinds(0 if runtime.settings.core.development else _RECENT_SECONDS)
    return StaticSite(store, Lookup(store, settings.static_site_immutable), recent, fallback)


def _fallback(name: str | None, store: FileStore) -> tuple[str, ...] | None:
    if name is None:
        return None
    names = segments_of(f"/{name}")
    if names is None or store.file(names) is None:
        raise SettingsError(
            f"SERVEY_STATIC_SITE_FALLBACK is {name!r}, but the static site {store.root} has no "
            f"such file.{store.hint(name)}"
        )
    return names


def _shown(root: Path) -> str:
    here = Path.cwd().resolve()
    return str(root.relative_to(here) if root.is_relative_to(here) else root)


async def _send_to_folder(moved: MovedToFolder, scope: Scope, send: Send) -> None:
    query = scope["query_string"].decode("latin-1")
    path = f"{scope.get('root_path', '')}/{quote('/'.join(moved.segments))}/"
    fields = [
        location(f"{path}?{query}" if query else path),
        (b"cache-control", b"no-cache"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": _MOVED_FOR_GOOD, "headers": fields})
    await send({"type": "http.response.body", "body": b""})
