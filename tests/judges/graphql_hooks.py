"""What Schemathesis has to know of the API: its scalars, and what an error says.

It takes any error of a field for the server's, and so one that is the caller's, too. Each is a
problem here, whose status tells.
"""

from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.graphql import nodes

TEXTS = {
    "Base64": "aGVsbG8=",
    "Date": "2026-05-14",
    "DateTime": "2026-05-14T09:30:00Z",
    "Decimal": "1.50",
    "Duration": "PT90S",
    "Time": "09:30:00",
    "UUID": "6f1c2a50-8d0b-4f0e-9a3e-0a4f5c3f9f11",
}
TIMEOUT = 504

for name, text in TEXTS.items():
    schemathesis.graphql.scalar(name, strategies.just(text).map(nodes.String))
schemathesis.graphql.scalar("BigInt", strategies.integers(-(2**53), 2**53).map(nodes.Int))
schemathesis.graphql.scalar("JSON", strategies.text(max_size=5).map(nodes.String))
schemathesis.graphql.scalar("Upload", strategies.just(nodes.Object(fields=[])))


@schemathesis.check
def no_error_is_the_servers(ctx: Any, response: Any, case: Any) -> None:
    """Every error is a problem of the caller's, but for actions that run into their time limits."""
    for error in response.json().get("errors", ()):
        status = error["extensions"]["status"]
        assert status < 500 or status == TIMEOUT, error
