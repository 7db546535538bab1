"""A real Redis: one that is there, or one that is started for the tests."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "core"))  # for `state_contract`
pytest.register_assert_rewrite("state_contract")

from redis_servers import OwnRedis, answers  # noqa: E402 - it is found only now

DEFAULT_URL = "redis://127.0.0.1:6379"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis for tests whose keys nobody else has."""
    given = os.environ.get("SERVEY_TEST_REDIS_URL")
    if given or answers(DEFAULT_URL):
        yield given or DEFAULT_URL
        return
    own = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield own.url
    own.kill()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis that a test may kill."""
    own = OwnRedis(tmp_path)
    yield own
    own.kill()
