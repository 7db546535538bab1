"""What a call comes to."""

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Self

from servey_core.caching import CacheHeaders
from servey_core.errors import InternalError, ProblemError
from servey_core.stored_replies import StoredReply

if TYPE_CHECKING:
    from servey_core.contexts import Context
    from servey_core.invocation import Invoker


class Outcome:
    """What an action returned, and the forms it can leave in.

    Attributes:
        value: What the action returned.
        response: What the action added to the response; None where it did not ask for one.
        replayed: Whether an earlier call returned it, of which this is another try.
    """

    __slots__ = ("_body", "_context", "_invoker", "replayed", "response", "value")

    def __init__(self, value: Any, invoker: "Invoker", context: "Context") -> None:
        self.value = value
        self.response = context.response if invoker.signature.sets_response else None
        self.replayed = False
        self._invoker = invoker
        self._context = context
        self._body: bytes | None = None

    @classmethod
    def of_reply(cls, reply: StoredReply, invoker: "Invoker", context: "Context") -> Self:
        """What an earlier call returned."""
        outcome = cls(invoker.signature.result_from_json(reply.body), invoker, context)
        outcome.replayed, outcome.response, outcome._body = True, reply.response, reply.body
        return outcome

    def to_json(self) -> bytes:
        """The value as JSON, by the return annotation.

        Raises:
            InternalError: The value is not of the annotated type; the log says how.
        """
        if self._body is None:
            self._body = self._invoker.serialise(self.value, self._context)
        return self._body

    def cache_headers(self) -> CacheHeaders | None:
        """The caching hint; None where the action has no cache control."""
        if self._invoker.action.cache_control is None:
            return None
        try:
            return self._invoker.cache_headers(self.value, self.to_json())
        except ProblemError:
            raise
        except Exception as error:
            raise self.failure(error) from error

    async def items(self, write: Callable[[Any], bytes]) -> AsyncGenerator[bytes, None]:
        """The items of a stream, as they come; closing this closes the stream.

        Args:
            write: What writes an item.

        Raises:
            ProblemError: The action failed, after the items that it gave.
        """
        try:
            async for item in self.value:
                yield write(item)
        except ProblemError:
            raise
        except Exception as error:
            raise self.failure(error) from error
        finally:
            await self.value.aclose()

    def failure(self, error: Exception) -> InternalError:
        """Log what nobody foresaw of the result, and give what the caller is told."""
        return self._invoker.failure(error, self._context)
