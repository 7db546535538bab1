"""Opening a client's connection, and what it means that one is not opened, or is closed."""

from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connected
from websockets.exceptions import ConnectionClosed, InvalidStatus

from servey_channels.client.errors import Refused

_SUBPROTOCOL = "servey"
_EXPIRED, _REVOKED, _POLICY = 4401, 4403, 1008
_FIRST_SERVER_ERROR = 500
_TOO_MANY = 429


async def opened(url: str, token: str | None, **options: Any) -> ClientConnection:
    """Open a connection.

    Args:
        url: Where the channels are.
        token: Says who connects.
        options: Further ones of `websockets.asyncio.client.connect`.

    Raises:
        Refused: The server does not let this client in.
        OSError: It cannot be reached.
        InvalidHandshake: It cannot serve just now.
    """
    header = {"Authorization": f"Bearer {token}"} if token else {}
    given = {"subprotocols": [_SUBPROTOCOL], "compression": None, **options}
    try:
        return await connected(url, additional_headers=header, **given)
    except InvalidStatus as refused:
        status = refused.response.status_code
        if status < _FIRST_SERVER_ERROR and status != _TOO_MANY:
            raise Refused(str(refused), status) from None
        raise


def refusal(closed: ConnectionClosed, *, renewable: bool) -> Refused | None:
    """What a closed connection says of the next one; None where it is of use to come back.

    Args:
        closed: How it was closed.
        renewable: Whether the client can have another token.
    """
    if closed.rcvd is None:
        return None
    code = closed.rcvd.code
    if code in (_REVOKED, _POLICY) or (code == _EXPIRED and not renewable):
        return Refused(closed.rcvd.reason, code)
    return None
