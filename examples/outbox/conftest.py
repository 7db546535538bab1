"""Tests have a database and a broker of their own, where none is given."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the tables."""
    folder = TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder.name) / 'shop.db'}")
    os.environ.setdefault("SERVEY_BROKER_URL", "memory:")
    from models import Base, engine

    Base.metadata.create_all(engine)
