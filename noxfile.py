"""How the repository is built and checked.

`nox` runs everything, `nox -s tests` the everyday loop, `nox -s serve` the example application.
`nox --list` says what else there is. Words after `--` are passed on: `nox -s tests -- -k jwt`.
"""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import nox
from nox.command import CommandFailed
from packaging.requirements import Requirement
from packaging.version import Version

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False

ROOT = Path(__file__).parent
DIST = ROOT / "dist"
REPORTS = ROOT / ".nox" / "reports"
THIRD_PARTY = ROOT / "examples" / "servey_filewatch"
DISTRIBUTIONS = {
    "core": ROOT,
    "web": ROOT / "plugins" / "servey_web",
    "rest": ROOT / "plugins" / "servey_rest",
    "graphql": ROOT / "plugins" / "servey_graphql",
    "sched": ROOT / "plugins" / "servey_sched",
    "channels": ROOT / "plugins" / "servey_channels",
    "redis": ROOT / "plugins" / "servey_redis",
}
PYPROJECTS = {
    name: tomllib.loads((folder / "pyproject.toml").read_text())
    for name, folder in DISTRIBUTIONS.items()
    if (folder / "pyproject.toml").exists()
}
SOURCES = [str(folder / "src") for folder in DISTRIBUTIONS.values()]
WORKERS = str(2 * (os.cpu_count() or 1))
"""Twice as many as there are cores, as many tests wait for others' clocks."""
PYTEST = ("python", "-m", "pytest", "-n", WORKERS, "--dist", "loadscope")
ELSEWHERE = ("--ignore=tests/docs", "--ignore=tests/judges")
"""Tests that have sessions of their own, with what they need."""
EVERYDAY = ("-m", "not slow")
"""Without the tests with browsers and other servers, and those in which all things die."""
NEWEST_PYTHON_OF_FLOORS = (3, 13)
"""The last Python that the oldest allowed dependencies have wheels for."""

AUTOBAHN = "autobahntestsuite==0.8.2"
"""The only suite of its kind; it has had no release for any Python but 2.7."""
WSTEST = """\
#!{python}
import site

site.addsitedir("{folder}")
from autobahntestsuite.wstest import run

run()
"""
ALL_BENCHMARKS = (
    ["invoke.py"],
    ["rest.py"],
    ["graphql.py"],
    ["pages.py"],
    ["jobs.py"],
    ["fanout.py"],
)

outcomes: dict[str, bool] = {}


def check(**options: Any) -> Callable[[Callable[..., None]], Any]:
    """A session whose outcome is counted in the closing line."""

    def decorate(function: Callable[..., None]) -> Any:
        @functools.wraps(function)
        def run(session: nox.Session, **parameters: Any) -> None:
            outcomes[session.name] = False
            for report in reports_of(session.name):
                report.unlink()
            function(session, **parameters)
            outcomes[session.name] = True

        return nox.session(**options)(run)

    return decorate


@check()
def lint(session: nox.Session) -> None:
    """Style, format, and who may import whom."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": ":".join(SOURCES)})


@check(reuse_venv=True)
def typing(session: nox.Session) -> None:
    """Mypy on every distribution, and the public API as pyright and mypy see it."""
    session.install(*third_party_requirements(), *group("typing"))
    packages = [f"--package=servey_{name}" for name in PYPROJECTS]
    session.run("mypy", *packages, env={"MYPYPATH": ":".join(SOURCES)})
    session.run("mypy", "tests/typing", env={"MYPYPATH": ":".join(SOURCES)})
    session.run("pyright", "tests/typing")


@check(reuse_venv=True)
def tests(session: nox.Session) -> None:
    """All distributions together, with the newest dependencies: the everyday loop."""
    install_editable(session, "test", "servers", "brokers")
    run_all_tests(session, *EVERYDAY)


@check(reuse_venv=True)
def slow(session: nox.Session) -> None:
    """The tests that the everyday loop leaves out: browsers, other servers, and what dies."""
    install_editable(session, "test", "servers", "brokers")
    run_all_tests(session, "-m", "slow")


@check(reuse_venv=False)
def build(session: nox.Session) -> None:
    """Make the source distributions and wheels in `dist`, and look into them."""
    shutil.rmtree(DIST, ignore_errors=True)
    install_npm(session)
    session.install(*group("build"))
    for name in PYPROJECTS:
        build_into(session, DIST, DISTRIBUTIONS[name])
    session.run("python", "tests/wheels/contents.py", str(DIST))


@check(reuse_venv=False, requires=["build"])
def wheels(session: nox.Session) -> None:
    """Install the wheels in a clean environment, and serve the first example from there."""
    session.install(*wheels_of(*PYPROJECTS))
    session.run("python", "tests/wheels/smoke.py", env={"SERVEY_SMOKE_BIN": session.bin})


@check(reuse_venv=False, requires=["build"])
@nox.parametrize("distribution", list(PYPROJECTS), ids=list(PYPROJECTS))
def alone(session: nox.Session, distribution: str) -> None:
    """One distribution's tests, with nothing but its own dependencies."""
    further = group("brokers") if distribution in {"channels", "sched"} else []
    needed = [*group("test"), *further]
    session.install(*wheels_of(*family(distribution)), *needed)
    run_tests(session, f"tests/{distribution}", *EVERYDAY, *session.posargs)


@check(reuse_venv=False, requires=["build"])
def lowest(session: nox.Session) -> None:
    """All distributions together, with the oldest dependencies that they allow."""
    if sys.version_info[:2] > NEWEST_PYTHON_OF_FLOORS:
        session.skip("the oldest dependencies have no wheels for this Python")
    constraints = Path(session.virtualenv.location) / "lowest.txt"
    constraints.write_text("".join(f"{floor}\n" for floor in floors()))
    needed = (*wheels_of(*PYPROJECTS), *group("test"), *group("servers"), *group("brokers"))
    session.install("--constraint", str(constraints), *needed)
    run_all_tests(session)


@check(reuse_venv=False, requires=["build"])
def third_party(session: nox.Session) -> None:
    """A stranger's plugin, installed and tested as a stranger would."""
    elsewhere = Path(session.create_tmp()) / THIRD_PARTY.name
    shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.copytree(THIRD_PARTY, elsewhere)
    session.install(*group("build"), *wheels_of(*PYPROJECTS), *group("test"))
    build_into(session, elsewhere / "dist", elsewhere)
    session.install(*map(str, elsewhere.glob("dist/*.whl")))
    shutil.rmtree(elsewhere / "src")
    session.chdir(elsewhere)
    run_tests(session, "tests", "--rootdir=.", *session.posargs)


@check(reuse_venv=True)
def docs(session: nox.Session) -> None:
    """Every snippet of the README and of the pages in `docs` runs."""
    install_editable(session, "docs")
    run_tests(session, "tests/docs", *session.posargs)


@check(reuse_venv=True)
def judges(session: nox.Session) -> None:
    """The documents, and what they say of the examples, by others' judgement."""
    install_editable(session, "judges")
    if (wstest := install_autobahn(session)) is not None:
        session.env["SERVEY_TEST_WSTEST"] = str(wstest)
    run_tests(session, "tests/judges", *session.posargs)


@nox.session(default=False, reuse_venv=True)
def serve(session: nox.Session) -> None:
    """Serve the example application, with nothing else to set up."""
    install_editable(session)
    tour = ROOT / "examples" / "tour"
    session.chdir(tour if tour.exists() else ROOT / "examples" / "hello")
    session.run("servey", "serve", *session.posargs)


@nox.session(default=False, reuse_venv=True)
def benchmarks(session: nox.Session) -> None:
    """What Servey costs, beside the same by hand; `-- rest.py --quick` for one of the scripts."""
    install_editable(session, "peers")
    for script, *options in [session.posargs] if session.posargs else ALL_BENCHMARKS:
        session.run("python", f"benchmarks/{script}", *options)


@nox.session(default=False, python=["3.11", "3.12", "3.13", "3.14"], reuse_venv=True)
def pythons(session: nox.Session) -> None:
    """The tests on every Python that this machine has."""
    install_editable(session, "test")
    run_all_tests(session)


def group(name: str) -> list[str]:
    """What a dependency group of the root's `pyproject.toml` lists."""
    return list(nox.project.dependency_groups(PYPROJECTS["core"], name))


def install_editable(session: nox.Session, *groups: str) -> None:
    """Install every distribution from its source, and what `groups` list."""
    install_npm(session)
    editable = [word for name in PYPROJECTS for word in ("-e", str(DISTRIBUTIONS[name]))]
    session.install(*editable, *(one for name in groups for one in group(name)))


def install_npm(session: nox.Session) -> None:
    """Have an npm before distributions are built that bundle its packages."""
    if shutil.which("npm") is None:
        session.install(*group("assets"))


def install_autobahn(session: nox.Session) -> Path | None:
    """Have the command of Autobahn's test suite, where there is a Python 2.7, which it needs."""
    python = next(filter(is_python_2_with_pip, python_2_candidates()), None)
    if python is None:
        session.warn("There is no Python 2.7 with pip here: Autobahn will not judge websockets.")
        return None
    folder = Path(session.virtualenv.location) / "autobahn"
    command = folder / "wstest"
    if not command.exists():
        options = ("--disable-pip-version-check", "--target", str(folder))
        session.run_install(python, "-m", "pip", "install", *options, AUTOBAHN, external=True)
        command.write_text(WSTEST.format(python=python, folder=folder))
        command.chmod(0o755)
    return command


def python_2_candidates() -> list[str]:
    """Where a Python 2.7 may be: on the path, or among pyenv's."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which("python2.7")
    return [*([found] if found else []), *map(str, versions.glob("2.7.*/bin/python2.7"))]


def is_python_2_with_pip(python: str) -> bool:
    """Whether a command is a Python 2.7, and no stand-in for one, and has pip."""
    command = [python, "-c", "import pip"]
    return not subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603


def build_into(session: nox.Session, target: Path, folder: Path) -> None:
    """Make the source distribution of a folder in `target`, and from that the wheel."""
    options = ("--no-isolation", "--outdir", str(target))
    session.run("python", "-m", "build", *options, str(folder), silent=True)


def run_all_tests(session: nox.Session, *options: str) -> None:
    """Run the tests of all distributions; applications of some would be in the way of others.

    A part that is red keeps none of the others from running.

    Args:
        session: The session.
        options: Words for pytest, before those of the command line.
    """
    apart = ("sched", "channels")
    others = [*ELSEWHERE, *(f"--ignore=tests/{name}" for name in apart)]
    parts = [("", ["tests", *others]), *((name, [f"tests/{name}"]) for name in apart)]
    red = []
    for part, arguments in parts:
        try:
            run_tests(session, *arguments, *options, *session.posargs, part=part)
        except CommandFailed as error:
            red.append(str(error))
    if red:
        session.error("; ".join(red))


def run_tests(session: nox.Session, *arguments: str, part: str = "") -> None:
    """Run pytest, and keep its counts for the closing line.

    Args:
        session: The session.
        arguments: Words for pytest.
        part: Which part of the session it is, where there are several.
    """
    none_chosen = [5] if session.posargs else []
    report = f"--junit-xml={report_of(session.name, part)}"
    session.run(*PYTEST, report, *arguments, success_codes=[0, *none_chosen])


def wheels_of(*names: str) -> list[str]:
    """The wheels that the session `build` made of these distributions."""
    return [str(next(DIST.glob(f"servey_{name}-*.whl"))) for name in names]


def requirements(name: str, *, extras: bool = False) -> list[Requirement]:
    """What a distribution depends on, with its extras or without."""
    project = PYPROJECTS[name]["project"]
    optional = project.get("optional-dependencies", {}).values() if extras else ()
    return [Requirement(text) for texts in (project["dependencies"], *optional) for text in texts]


def family(name: str) -> list[str]:
    """A distribution, and those of this repository that it depends on."""
    own = {f"servey-{other}": other for other in PYPROJECTS}
    needed = [own[one.name] for one in requirements(name) if one.name in own]
    return [name, *needed]


def third_party_requirements(*, extras: bool = False) -> list[str]:
    """What all distributions depend on, but each other."""
    found = {str(one) for name in PYPROJECTS for one in requirements(name, extras=extras)}
    return sorted(text for text in found if not text.startswith("servey-"))


def floors() -> list[str]:
    """The oldest versions that all distributions and extras allow, as constraints."""
    oldest: dict[str, Version] = {}
    for requirement in map(Requirement, third_party_requirements(extras=True)):
        floor = next(one.version for one in requirement.specifier if one.operator == ">=")
        oldest[requirement.name] = max(oldest.get(requirement.name, Version("0")), Version(floor))
    return [f"{name}=={version}" for name, version in oldest.items()]


def report_of(session_name: str, part: str = "") -> Path:
    """Where the test report of a session, or of a part of it, goes."""
    return REPORTS / f"{session_name}{f'.{part}' if part else ''}.xml"


def reports_of(session_name: str) -> list[Path]:
    """The test reports of a session that there are."""
    return [*REPORTS.glob(f"{session_name}.xml"), *REPORTS.glob(f"{session_name}.*.xml")]


def print_closing_line() -> None:
    """Say how many tests and other checks passed and failed, in one line at the very end."""
    passed = failed = skipped = 0
    for name, succeeded in outcomes.items():
        found = [counts(report) for report in reports_of(name)]
        tests, bad, left_out = (sum(numbers) for numbers in zip((0, 0, 0), *found, strict=True))
        bad = bad or int(not succeeded)
        passed += tests - bad - left_out if tests else int(succeeded)
        failed += bad
        skipped += left_out
    if outcomes:
        print(f"{passed} passed, {failed} failed, {skipped} skipped")


def counts(report: Path) -> tuple[int, int, int]:
    """How many tests a report of pytest has, how many of them failed, and were skipped."""
    suites = list(ET.parse(report).getroot().iter("testsuite"))

    def total(*names: str) -> int:
        return sum(int(suite.get(name, 0)) for suite in suites for name in names)

    return total("tests"), total("failures", "errors"), total("skipped")


atexit.register(print_closing_line)
