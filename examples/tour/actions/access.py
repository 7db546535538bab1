"""Who may run what."""

from datetime import UTC, datetime

from servey_core import (
    ALLOW_AUTHENTICATED,
    ALLOW_NONE,
    WEB_GET,
    Authorization,
    Example,
    PermissionDenied,
    ScopeAccessControl,
    Unauthorized,
    action,
)

_READER = Authorization(
    subject="rita", scopes=frozenset({"read"}), expires_at=datetime(2100, 1, 1, tzinfo=UTC)
)
_EDITOR = Authorization(subject="eve", scopes=frozenset({"read", "write"}))
_ROOT = Authorization(subject="ruth", scopes=frozenset({"root"}))

_READS, _WRITES, _IS_ROOT = map(ScopeAccessControl, ("read", "write", "root"))


@action(
    triggers=WEB_GET,
    tags="access",
    examples=(
        Example("nobody", result=None),
        Example("rita", result=_READER, authorization=_READER),
    ),
)
def echo_authorization(authorization: Authorization | None) -> Authorization | None:
    """Give back who calls."""
    return authorization


@action(
    triggers=WEB_GET,
    access_control=_IS_ROOT,
    tags="access",
    examples=(
        Example("ruth", result="Some secret data!", authorization=_ROOT),
        Example("nobody", raises=Unauthorized),
        Example("rita", raises=PermissionDenied, authorization=_READER),
    ),
)
def only_for_root() -> str:
    """Be there for callers with the scope `root`."""
    return "Some secret data!"


@action(
    triggers=WEB_GET,
    access_control=(_READS & _WRITES) | _IS_ROOT,
    tags="access",
    examples=(
        Example("eve", {"text": "a"}, "a, edited", authorization=_EDITOR),
        Example("ruth", {"text": "b"}, "b, edited", authorization=_ROOT),
        Example("rita", {"text": "c"}, raises=PermissionDenied, authorization=_READER),
    ),
)
async def edit(text: str) -> str:
    """Be there for who may both read and write, and for `root`."""
    return f"{text}, edited"


@action(
    triggers=WEB_GET,
    access_control=ALLOW_AUTHENTICATED,
    tags="access",
    examples=(
        Example("rita", result="rita", authorization=_READER),
        Example("nobody", raises=Unauthorized),
    ),
)
def who_am_i(authorization: Authorization) -> str | None:
    """Be there for everybody with credentials."""
    return authorization.subject


@action(
    triggers=WEB_GET,
    access_control=ALLOW_NONE,
    tags="access",
    examples=Example("ruth", raises=PermissionDenied, authorization=_ROOT),
)
def closed() -> str:
    """Be there for nobody, for now."""
    return "Nobody reads this."
