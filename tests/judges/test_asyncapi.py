"""The AsyncAPI document, by the judgement of AsyncAPI's own parser."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "channels"))

from talk_server import generated

PARSE = """
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[1], "utf8"));
const told = diagnostics.map(({ code, message, severity, path }) =>
  ({ code, message, severity, path: path.join("/") }));
console.log(JSON.stringify({ read: document !== undefined, told }));
"""
ERROR, NEWER_EXISTS = 0, "asyncapi-latest-version"


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(generated())


@pytest.fixture
def judge(node: Callable[..., Any], tmp_path: Path) -> Callable[[Any], list[Any]]:
    """What the parser says of a document; it must be able to read it where nothing is wrong."""

    def parse(document: Any) -> list[Any]:
        file = tmp_path / "asyncapi.json"
        file.write_text(json.dumps(document))
        judged = node(PARSE, str(file))
        told = [one for one in judged["told"] if one["code"] != NEWER_EXISTS]
        assert judged["read"] == all(one["severity"] != ERROR for one in told)
        return told

    return parse


def test_the_parser_has_nothing_to_say(judge: Callable[[Any], list[Any]], document: Any) -> None:
    assert judge(document) == []


def dangling(document: Any) -> None:
    document["operations"]["ping"]["channel"] = {"$ref": "#/channels/nowhere"}


def untyped(document: Any) -> None:
    document["components"]["schemas"]["Words"]["type"] = "text"


def undone(document: Any) -> None:
    document["operations"]["ping"]["action"] = "hear"


@pytest.mark.parametrize("spoil", [dangling, untyped, undone])
def test_a_spoilt_document_is_found_out(
    judge: Callable[[Any], list[Any]], document: Any, spoil: Callable[[Any], None]
) -> None:
    spoil(document := json.loads(json.dumps(document)))
    assert any(one["severity"] == ERROR for one in judge(document))
