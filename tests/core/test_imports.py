"""What `import servey_core` costs, and what it brings along."""

import subprocess
import sys

import pytest

THIRD_PARTY = {
    "annotated_types",
    "click",
    "docstring_parser",
    "dotenv",
    "jiter",
    "pluggy",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "typing_extensions",
    "typing_inspection",
}
"""What the model and the invoke path need. No web, broker or cloud library, no plugin."""

REPORT = """
import os, sys
modules_before = set(sys.modules)
times_before = os.times()
{statement}
times = os.times()
loaded = {{name.partition(".")[0] for name in set(sys.modules) - modules_before}}
print(times.user + times.system - times_before.user - times_before.system)
print(*sorted(loaded - sys.stdlib_module_names - {{"servey_core"}}))
"""


def cost_of(statement: str) -> tuple[float, set[str]]:
    """The CPU seconds of a statement in a fresh interpreter, and the packages that it loads."""
    command = [sys.executable, "-c", REPORT.format(statement=statement)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, packages = output.splitlines()
    generated = {name for name in packages.split() if name.startswith("_sysconfigdata")}
    return float(seconds), set(packages.split()) - generated


@pytest.mark.parametrize(
    ("statement", "allowed", "budget"),
    [
        ("import servey_core", set(), 0.2),
        ("from servey_core import WEB_GET, action", THIRD_PARTY, 1.0),
        ("from servey_core import *", THIRD_PARTY, 1.5),
    ],
)
def test_an_import_brings_what_it_needs_and_is_quick(
    statement: str, allowed: set[str], budget: float
) -> None:
    seconds, packages = cost_of(statement)
    assert packages <= allowed
    assert seconds < budget


def test_reading_tokens_is_paid_for_by_who_reads_tokens() -> None:
    _, packages = cost_of("from servey_core import *")
    assert not packages & {"jose", "cryptography", "structlog", "watchfiles", "pytest"}
