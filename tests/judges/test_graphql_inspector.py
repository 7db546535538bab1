"""GraphQL Inspector reads the schema as it is generated, and sees what would break clients."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOUR = Path(__file__).parents[2] / "examples" / "tour"
DIFF = """
import { buildSchema } from "graphql";
import { diff } from "@graphql-inspector/core";
const [before, after] = process.argv.slice(1).map((text) => buildSchema(text));
const changes = await diff(before, after);
console.log(JSON.stringify(changes.map(({ criticality, message }) =>
  `${criticality.level}: ${message}`)));
"""


@pytest.fixture(scope="module")
def schema() -> str:
    """The tour's schema, from the command line."""
    command = [sys.executable, "-m", "servey_core", "generate", "graphql-schema"]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("SERVEY_")}
    made = subprocess.run(command, cwd=TOUR, env=outer, check=True, capture_output=True)
    return made.stdout.decode()


def test_the_schema_is_read_and_is_the_same_as_itself(
    node: Callable[..., Any], schema: str
) -> None:
    assert node(DIFF, schema, schema) == []


def test_a_change_that_breaks_clients_is_seen(node: Callable[..., Any], schema: str) -> None:
    changed = schema.replace("editor: String", "editor: Int")
    assert node(DIFF, schema, changed) == [
        "BREAKING: Field 'Issue.editor' changed type from 'String' to 'Int'"
    ]
