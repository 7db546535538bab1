"""Browsers, and the application that they visit."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `visiting`
pytest.register_assert_rewrite("visiting")

from serving import Served  # noqa: E402 - it is found only now
from visiting import ACTIONS, BY_HTTPS, NOTES, PASSWORD, TEMPLATES, Browser  # noqa: E402


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the application's templates."""
    folder = tmp_path_factory.mktemp("templates")
    for name, text in TEMPLATES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="session")
def serve(templates: Path) -> Callable[..., AbstractContextManager[Served]]:
    """Serve the application, with settings, for as long as the context is open."""

    @contextmanager
    def serve(functions: Any = ACTIONS, **settings: Any) -> Iterator[Served]:
        given = {"debug_authenticator_password": PASSWORD, "templates": templates, **settings}
        with Served.running(functions, **given) as served:
            yield served

    return serve


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, serve: Any) -> Iterator[Served]:
    """The application, with the `SETTINGS` of the test module."""
    with serve(**getattr(request.module, "SETTINGS", {})) as served:
        yield served


@pytest.fixture
def browser(app: Served) -> Iterator[Browser]:
    """A browser that nobody knows."""
    with Browser(app.url) as browser:
        yield browser


@pytest.fixture
def another(app: Served) -> Iterator[Browser]:
    """Another browser."""
    with Browser(app.url) as browser:
        yield browser


@pytest.fixture
def by_https(app: Served) -> Iterator[Browser]:
    """A browser behind a proxy that terminates TLS."""
    with Browser(app.url, headers=BY_HTTPS) as browser:
        yield browser


@pytest.fixture
def notes() -> Iterator[list[str]]:
    """What was written down."""
    NOTES.clear()
    yield NOTES
    NOTES.clear()
