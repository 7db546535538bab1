"""Fields of many parents that an action gives by few calls."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

from servey_core import Invoker, ProblemError
from servey_graphql.contexts import OperationContext
from servey_graphql.resolvers import Arguments, BatchedField
from servey_graphql.schema.arguments import argument_reader
from servey_graphql.schema.calling import Failure, Settle, context_maker, settler
from servey_graphql.schema.types import Convert

Ask = Callable[[Sequence[Hashable], Arguments, OperationContext], Awaitable[Sequence[Any]]]
KeyOf = Callable[[Any], Hashable]


def batched_field(invoker: Invoker, convert: Convert | None) -> BatchedField:
    """The field that an action gives by the function that it is batched by.

    Args:
        invoker: What runs the action.
        convert: What makes of one result what the field's type takes.

    Raises:
        LookupError: The action is not batched.
    """
    rule = invoker.action.batch
    if rule is None or invoker.batch is None:
        raise LookupError(f"The action {invoker.action.name!r} is not batched.")
    ask, size = _asking(invoker.batch), rule.max_size
    key_of, settle = _key_finder(invoker, rule.key), _settler(invoker, convert)

    async def many(
        parents: Sequence[Any], arguments: Arguments, operation: OperationContext
    ) -> list[Any]:
        keys = [key_of(parent, operation) for parent in parents]
        wanted = [key for key in dict.fromkeys(keys) if not isinstance(key, _NoKey)]
        chunks = [wanted[at : at + size] for at in range(0, len(wanted), size)]
        answers = await asyncio.gather(*(ask(chunk, arguments, operation) for chunk in chunks))
        found = {
            key: settle(value, operation)
            for chunk, values in zip(chunks, answers, strict=True)
            for key, value in zip(chunk, values, strict=True)
        }
        return [key.error if isinstance(key, _NoKey) else found[key] for key in keys]

    return BatchedField(many)


class _NoKey:
    """Stands for the key of a parent that has none.

    Args:
        error: Why.
    """

    def __init__(self, error: ProblemError) -> None:
        self.error = error


def _key_finder(
    invoker: Invoker, key_of: KeyOf
) -> Callable[[Any, OperationContext], Hashable | _NoKey]:
    def find(parent: Any, operation: OperationContext) -> Hashable | _NoKey:
        try:
            key = key_of(parent)
            hash(key)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is of this parent alone
            return _NoKey(invoker.failure(error, operation.for_call()))
        return key

    return find


def _asking(batch: Invoker) -> Ask:
    """What asks for the results of some keys; an error of the call is the result of each."""
    first = next(iter(batch.signature.parameters))
    rest = batch.signature.parameters.keys() - {first}
    read_others = argument_reader(batch.signature.only(rest))

    def read(given: tuple[Sequence[Hashable], Arguments]) -> dict[str, Any]:
        arguments = read_others(given[1])
        arguments[first] = list(given[0])
        return arguments

    begin, context = batch.starter(read), context_maker(batch)

    async def call(given: tuple[Sequence[Hashable], Arguments], operation: OperationContext) -> Any:
        if batch.direct:
            return await begin(given, context(operation))
        return (await batch.invoke(read, given, operation.for_call())).value

    async def ask(
        keys: Sequence[Hashable], arguments: Arguments, operation: OperationContext
    ) -> Sequence[Any]:
        try:
            return _checked(await call((keys, arguments), operation), len(keys))
        except ProblemError as problem:
            return [problem] * len(keys)
        except Failure as error:
            return [batch.failure(error, operation.for_call())] * len(keys)

    return ask


def _checked(values: Any, length: int) -> Sequence[Any]:
    if not isinstance(values, list | tuple):
        raise TypeError(f"A batch gives a list, not {type(values).__qualname__}.")
    if len(values) != length:
        raise ValueError(f"A batch of {length} keys gave {len(values)} results.")
    return values


def _settler(invoker: Invoker, convert: Convert | None) -> Settle:
    """What makes of one result what the field's type takes, or the error that it comes to."""
    settle = settler(invoker, convert)

    def settle_one(value: Any, operation: OperationContext) -> Any:
        if isinstance(value, ProblemError):
            return value
        if isinstance(value, Exception):
            return invoker.failure(value, operation.for_call())
        try:
            return settle(value, operation)
        except ProblemError as problem:
            return problem
        except Exception as error:  # noqa: BLE001 - nobody foresaw it
            return invoker.failure(error, operation.for_call())

    return settle_one
