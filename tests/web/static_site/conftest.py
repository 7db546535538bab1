"""Folders of files, served by real applications: with servey-rest, and by the web host alone."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `site_folders`
pytest.register_assert_rewrite("site_folders")

from serving import Served  # noqa: E402 - it is found only now
from site_folders import Folder  # noqa: E402

Serve = Callable[..., Served]

_DENIED = [(), ("rest",)]
_IDS = ["with rest", "without rest"]
_NAME = "static_site"


@pytest.fixture(scope="session")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder around the one that `site` serves."""
    place = tmp_path_factory.mktemp("sites")
    (place / _NAME).mkdir()
    return place


@pytest.fixture(scope="session", params=_DENIED, ids=_IDS)
def shared_site(request: pytest.FixtureRequest, shared_place: Path) -> Iterator[Served]:
    """What serves the one folder for all tests, with servey-rest and without."""
    folder = str(shared_place / _NAME)
    with Served.running([], static_site=folder, plugins_deny=request.param) as running:
        yield running


@pytest.fixture
def site(shared_site: Served) -> Served:
    """A folder that is served; it is empty when a test begins."""
    return shared_site


@pytest.fixture
def folder(request: pytest.FixtureRequest, shared_place: Path, workplace: Any) -> Folder:
    """The folder of `site`; where a test has no `site`, that of the working folder."""
    if "site" not in request.fixturenames:
        return Folder(workplace.folder / _NAME)
    for one in (*(shared_place / _NAME).iterdir(), *shared_place.iterdir()):
        if one.is_dir() and not one.is_symlink():
            if one.name != _NAME:
                shutil.rmtree(one)
        else:
            one.unlink()
    return Folder(shared_place / _NAME)


@pytest.fixture(params=_DENIED, ids=_IDS)
def serve(request: pytest.FixtureRequest, workplace: Any) -> Iterator[Serve]:
    """Serve actions and settings until the test ends, with servey-rest and without."""
    with ExitStack() as stack:

        def run(*actions: Any, **settings: Any) -> Served:
            settings.setdefault("plugins_deny", request.param)
            running: AbstractContextManager[Served] = Served.running(actions, **settings)
            return stack.enter_context(running)

        yield run
