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

LOADED = """
import sys
before = set(sys.modules)
{statement}
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(loaded - sys.stdlib_module_names - {{"servey_core"}}))
"""
COST = """
from time import process_time
began = process_time()
import click, docstring_parser, dotenv, jiter, pluggy, pydantic, pydantic_settings
class Model(pydantic.BaseModel): pass
theirs = process_time() - began
{statement}
print((process_time() - began - theirs) / theirs)
"""


def said_by(program: str) -> str:
    """What a program prints that a fresh interpreter runs."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def loaded_by(statement: str) -> set[str]:
    """The packages that a statement loads."""
    packages = said_by(LOADED.format(statement=statement)).split()
    return {name for name in packages if not name.startswith("_sysconfigdata")}


@pytest.mark.parametrize(
    ("statement", "allowed", "share"),
    [
        ("import servey_core", set(), 0.1),
        ("from servey_core import WEB_GET, action", THIRD_PARTY, 0.6),
        ("from servey_core import *", THIRD_PARTY, 1.0),
    ],
)
def test_an_import_brings_what_it_needs_and_is_quick(
    statement: str, allowed: set[str], share: float
) -> None:
    """It takes no more than a share of the CPU time that the imports of others in it take."""
    assert loaded_by(statement) <= allowed
    assert float(said_by(COST.format(statement=statement))) < share


def test_reading_tokens_is_paid_for_by_who_reads_tokens() -> None:
    packages = loaded_by("from servey_core import *")
    assert not packages & {"jose", "cryptography", "structlog", "watchfiles", "pytest"}
