"""Redocly's rules for documents, none of which the examples break."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def redocly(npm_folder: Path) -> Path:
    """The program."""
    return npm_folder / "node_modules" / ".bin" / "redocly"


@pytest.fixture
def judge(redocly: Path, tmp_path: Path) -> Callable[[Any], list[str]]:
    """The rules that a document breaks."""

    def lint(document: Any) -> list[str]:
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(document))
        command = [redocly, "lint", file, f"--config={HERE / 'redocly.yaml'}", "--format=json"]
        quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
        judged = subprocess.run(
            command, env={**os.environ, **quiet}, check=False, capture_output=True
        )
        problems = json.loads(judged.stdout)["problems"]
        assert judged.returncode == int(any(one["severity"] == "error" for one in problems))
        return [f"{one['ruleId']}: {one['message']}" for one in problems]

    return lint


@pytest.mark.parametrize("example", ["hello", "tour"])
def test_the_examples_break_no_rule(
    judge: Callable[[Any], list[str]], document_of: Callable[[str], Any], example: str
) -> None:
    assert judge(document_of(example)) == []


def dangling(operation: Any) -> None:
    operation["responses"]["200"] = {"$ref": "#/components/responses/Nowhere"}


def undeclared(operation: Any) -> None:
    operation["parameters"].append({**operation["parameters"][0], "in": "path"})


def untyped(operation: Any) -> None:
    operation["parameters"][0]["schema"]["type"] = "text"


def untrue(operation: Any) -> None:
    operation["parameters"][0]["examples"]["world"]["value"] = 5


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (dangling, "no-unresolved-refs"),
        (undeclared, "path-parameters-defined"),
        (untyped, "struct"),
        (untrue, "no-invalid-parameter-examples"),
    ],
)
def test_a_spoilt_document_breaks_a_rule(
    judge: Callable[[Any], list[str]],
    document_of: Callable[[str], Any],
    spoil: Callable[[Any], None],
    rule: str,
) -> None:
    document = document_of("hello")
    spoil(document["paths"]["/actions/say-hello"]["get"])
    assert any(broken.startswith(f"{rule}: ") for broken in judge(document))
