"""What the pytest plugin collects: files with actions, an item for each example and surface."""

from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from servey_core.errors import ConfigurationError
from servey_core.runtime import start
from servey_core.testing.cases import AnyCase, cases_of
from servey_core.testing.failing import ExampleFailed
from servey_core.testing.running import WITHOUT_TRACES, ExampleRunner
from servey_core.tracebacks import trimmed


class Application:
    """The application under test, started once in a session, when its first file is collected.

    Args:
        config: The session's configuration.
        root: The application's folder.
        places: The files and folders that hold its actions and its own plugins.
    """

    def __init__(self, config: pytest.Config, root: Path, places: Sequence[Path]) -> None:
        self._config = config
        self._root = root
        self._files = _files(places)
        self._cases: dict[Path, list[AnyCase]] | None = None
        self._runner: ExampleRunner | None = None

    def cases_in(self, path: Path) -> Sequence[AnyCase]:
        """The cases of the actions and channels that a file declares.

        The first file has those too that none of the application's files declares.
        """
        if self._cases is None:
            self._cases = {}  # where starting fails, the first file alone reports it
            for case in self._start():
                file = _file_of(case)
                home = file if file in self._files else self._files[0]
                self._cases.setdefault(home, []).append(case)
        return self._cases.get(path.resolve(), ())

    def run(self, case: AnyCase) -> None:
        """Check one case."""
        assert self._runner is not None, "a case comes from a started application"  # noqa: S101
        self._runner.run(case)

    def _start(self) -> Sequence[AnyCase]:
        with chdir(self._root):
            runtime = start(given=WITHOUT_TRACES)
        found = cases_of(runtime, self._config.getini("servey_surfaces"))
        self._runner = ExampleRunner(runtime)
        self._config.add_cleanup(self._runner.close)
        return found


class ActionFile(pytest.File):
    """A file with actions."""

    def __init__(self, *, application: Application, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.application = application

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each case."""
        try:
            found = self.application.cases_in(self.path)
        except ConfigurationError as error:
            raise self.CollectError(str(error)) from None
        except Exception as error:
            raise self.CollectError(trimmed(error).rstrip()) from error
        for case in found:
            # As text, so that pytest >= 9.2 reads the part in brackets as `--last-failed` does.
            nodeid = f"{self.nodeid}::{case}"
            yield ExampleItem.from_parent(self, name=str(case), nodeid=nodeid, case=case)


class ExampleItem(pytest.Item):
    """One example, on one surface."""

    parent: ActionFile

    def __init__(self, *, case: AnyCase, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        """Check the example."""
        self.parent.application.run(self.case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text alone, where it is the example that failed."""
        if isinstance(excinfo.value, ExampleFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where what the example is of is declared."""
        _, _, line = self.case.place.rpartition(":")
        return self.path, int(line or 1) - 1, self.name


def _files(places: Sequence[Path]) -> list[Path]:
    """Every file in `places`; a package's `__init__.py` comes first in it."""
    return [file for place in places for file in (sorted(place.rglob("*.py")) or [place])]


def _file_of(case: AnyCase) -> Path:
    file, _, _ = case.place.rpartition(":")
    return Path(file).resolve()
