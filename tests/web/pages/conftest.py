"""Applications with pages, each on a real socket."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `asking`
pytest.register_assert_rewrite("asking")

from asking import Pages, write_templates  # noqa: E402 - it is found only now
from serving import start_with  # noqa: E402

STATE = {"state": "memory:"}
"""Settings under which tests leave nothing behind."""


@pytest.fixture(scope="module")
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pages]:
    """The application of the test module: its `ACTIONS` and `TEMPLATES`, with its `SETTINGS`."""
    folder = write_templates(tmp_path_factory.mktemp("templates"), request.module.TEMPLATES)
    settings = {**STATE, **getattr(request.module, "SETTINGS", {})}
    with Pages.running(request.module.ACTIONS, templates=folder, **settings) as running:
        yield running


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., AbstractContextManager[Pages]]:
    """Serve functions, with templates and settings, for as long as the context is open."""

    @contextmanager
    def serve(functions: Any, templates: Mapping[str, str], **settings: Any) -> Iterator[Pages]:
        folder = write_templates(tmp_path / "templates", templates)
        with Pages.running(functions, templates=folder, **STATE, **settings) as running:
            yield running

    return serve


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., None]:
    """Start up as far as to where it would serve, with functions, templates and settings."""

    def start(functions: Any, templates: Mapping[str, str], **settings: Any) -> None:
        folder = write_templates(tmp_path / "templates", templates)
        start_with(functions, templates=folder, **settings).services()

    return start
