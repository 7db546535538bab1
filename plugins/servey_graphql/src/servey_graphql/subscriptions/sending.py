"""Results as server-sent events, as GraphQL over SSE has them."""

from collections.abc import AsyncGenerator

from servey_graphql.serving.responses import written
from servey_graphql.subscriptions.results import OperationFailed

_COMMENT = b":\n\n"
_COMPLETE = b"event: complete\ndata:\n\n"


async def events(results: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Results as events; a stream that ends without `complete` is to be asked for again.

    Args:
        results: The results, as JSON.
    """
    yield _COMMENT  # so that a client knows that it is heard
    try:
        async for result in results:
            yield _event(result)
    except OperationFailed as error:
        yield _event(written({"errors": error.errors}))
    yield _COMPLETE


def _event(result: bytes) -> bytes:
    return b"event: next\ndata: %b\n\n" % result
