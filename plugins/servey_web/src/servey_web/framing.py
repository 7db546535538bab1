"""Heads that two servers could read in two ways: what request smuggling and cache poisoning need.

The parser refuses most of them (RFC 9112, section 11.2); here is what it lets through.
"""

from collections.abc import Sequence

from servey_core.errors import BadRequest

_VERSIONS = frozenset(("1.0", "1.1"))
_SCHEMES = (b"http", b"https")


def dubious(
    target: bytes, version: str, fields: Sequence[tuple[bytes, bytes]]
) -> BadRequest | None:
    """Why a request's head is refused; None where there is no doubt about it.

    Args:
        target: The request's target, as it was sent.
        version: The version of HTTP, such as `1.1`.
        fields: The header fields, their names in lower case.
    """
    if version not in _VERSIONS:
        return BadRequest("Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    for name, value in fields:
        if name == b"transfer-encoding" and (
            version == "1.0" or value.strip(b" \t").lower() != b"chunked"
        ):
            return BadRequest("The only Transfer-Encoding is chunked (RFC 9112, section 6.1).")
    if target[:1] == b"/" and b"#" not in target:
        return None
    return _dubious_target(target, fields)


def has_body(fields: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a head says that a body follows."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in fields
    )


def _dubious_target(target: bytes, fields: Sequence[tuple[bytes, bytes]]) -> BadRequest | None:
    """Refuse a target that is neither a path nor an absolute URL of the same host."""
    if b"#" in target:
        return BadRequest("The request's target has a fragment.")
    if target == b"*":
        return None
    scheme, _, rest = target.partition(b"://")
    authority = rest.partition(b"/")[0].partition(b"?")[0]
    hosts = [value.lower() for name, value in fields if name == b"host"]
    if scheme.lower() not in _SCHEMES or authority.lower() not in hosts:
        return BadRequest("The request's target names another host than its Host header.")
    return None
