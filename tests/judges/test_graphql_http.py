"""The audits of `graphql-http`, by which servers of GraphQL over HTTP are known: all pass."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

AUDIT = """
import { auditServer } from "graphql-http";
const results = await auditServer({ url: process.argv[1] });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) =>
  ({ id, name, status, reason }))));
"""
FEWEST = 60
"""How many audits there are, at least."""


@pytest.fixture
def audit(node: Callable[..., Any]) -> Callable[[str], list[str]]:
    """What of a server does not pass, by its URL."""

    def run(url: str) -> list[str]:
        results = node(AUDIT, url)
        assert len(results) >= FEWEST
        return [
            f"{one['id']} {one['name']}: {one.get('reason')}"
            for one in results
            if one["status"] != "ok"
        ]

    return run


def test_every_audit_passes(audit: Callable[[str], list[str]], tour: httpx.Client) -> None:
    assert audit(str(tour.base_url.join("/graphql"))) == []


def test_what_is_no_graphql_passes_few(
    audit: Callable[[str], list[str]], tour: httpx.Client
) -> None:
    failed = audit(str(tour.base_url.join("/livez")))
    assert any(one.startswith("4655 MUST accept application/json") for one in failed)
