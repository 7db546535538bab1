"""From the actions of an application to the types and fields of its schema."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic_core import PydanticSerializationError, from_json

from servey_core import Action, Invoker, ProblemError, Runtime, WebTrigger, action_of
from servey_core.discovery import nested_actions
from servey_graphql.resolvers import ActionField, BatchedField
from servey_graphql.schema.arguments import taken_by
from servey_graphql.schema.batched_fields import batched_field
from servey_graphql.schema.calling import action_field
from servey_graphql.schema.descriptions import docstring_text
from servey_graphql.schema.endless_inputs import check_finite
from servey_graphql.schema.inputs import Inputs
from servey_graphql.schema.names import camel_case
from servey_graphql.schema.object_types import check_name, check_names
from servey_graphql.schema.outputs import Outputs
from servey_graphql.schema.refusals import Giver, SchemaError
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.subscriptions import (
    AnyChannel,
    subscription_channels,
    subscription_field,
)
from servey_graphql.schema.types import Convert, NamedType, ObjectType, OutputField

EMPTY = "_empty"
"""The field of a query type that has no other: GraphQL wants one at least."""


Types: TypeAlias = Mapping[str, NamedType]
"""The types of a schema by their names, in alphabetical order."""


def root_actions(runtime: Runtime, *, safe: bool) -> list[Action]:
    """The actions that are fields of `Query`, or of `Mutation`, by name.

    Args:
        runtime: The application.
        safe: Whether they only read.
    """
    found = [
        action
        for action in runtime.actions.values()
        if action.owner is None
        and any(isinstance(one, WebTrigger) and one.safe is safe for one in action.triggers)
    ]
    return sorted(found, key=lambda action: action.name)


def collect(runtime: Runtime) -> Types | None:
    """Gather what the schema of an application says; None where that is nothing.

    Raises:
        SchemaError: An action cannot be expressed.
        SubscriptionError: A channel cannot be.
    """
    queries, mutations = root_actions(runtime, safe=True), root_actions(runtime, safe=False)
    channels = subscription_channels(runtime)
    givers: list[Giver] = [*queries, *mutations, *channels]
    if not givers:
        return None
    return _Collector(runtime, givers[0]).collect(queries, mutations, channels)


class _Collector:
    def __init__(self, runtime: Runtime, first: Giver) -> None:
        self._invokers = runtime.invokers
        self._registry = Registry(first)
        self._outputs = Outputs(self._registry, self._nested)
        self._inputs = Inputs(self._registry)

    def collect(
        self,
        queries: Iterable[Action],
        mutations: Iterable[Action],
        channels: Iterable[AnyChannel],
    ) -> Types:
        roots = [
            ObjectType("Query", self._roots(queries, "the type Query") or (_NOTHING,)),
            ObjectType("Mutation", self._roots(mutations, "the type Mutation")),
            ObjectType("Subscription", self._subscriptions(channels)),
        ]
        self._registry.make_all()
        check_finite(self._registry)
        types = self._registry.types | {root.name: root for root in roots if root.fields}
        return dict(sorted(types.items()))

    def _roots(self, actions: Iterable[Action], label: str) -> tuple[OutputField, ...]:
        fields, seen = [], set[str]()
        for action in actions:
            self._registry.giver = action
            check_name(camel_case(action.name), seen, label, self._registry)
            fields.append(self._field(action, action.name))
        return tuple(fields)

    def _subscriptions(self, channels: Iterable[AnyChannel]) -> tuple[OutputField, ...]:
        fields, seen = [], set[str]()
        for channel in channels:
            self._registry.giver = channel
            check_name(camel_case(channel.name), seen, "the type Subscription", self._registry)
            shape = self._outputs.shape(channel.adapter.core_schema)
            fields.append(subscription_field(channel, shape))
        return tuple(fields)

    def _nested(self, owner: type) -> Iterator[OutputField]:
        for action in nested_actions(owner):
            yield self._field(action, _method_name(action))

    def _field(self, action: Action, name: str) -> OutputField:
        before, self._registry.giver = self._registry.giver, action
        invoker = self._invoker(action)
        taken = taken_by(action, invoker.signature)
        arguments = self._inputs.arguments(taken)
        check_names([one.name for one in arguments], "what it takes", self._registry)
        shape = self._outputs.shape(invoker.signature.result_adapter.core_schema)
        field = OutputField(
            camel_case(name),
            shape.text.removesuffix("!"),
            _resolver(invoker, shape.convert),
            arguments,
            docstring_text(action.description),
            action.deprecated,
            dict(_examples(invoker)),
        )
        self._registry.giver = before
        return field

    def _invoker(self, action: Action) -> Invoker:
        found = self._invokers.get(action.name)
        if found is None or found.action.function is not action.function:
            raise SchemaError(
                action, "its class was not found at start-up. Annotate a result with it directly."
            )
        return found


def _method_name(action: Action) -> str:
    """The name of an action that is a method, without that of its class unless it was given."""
    method = action_of(action.function)
    return action.name if method is None else method.name


def _resolver(invoker: Invoker, convert: Convert | None) -> ActionField | BatchedField:
    make = action_field if invoker.batch is None else batched_field
    return make(invoker, convert)


def _examples(invoker: Invoker) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The arguments of the action's examples as JSON, where it can hold them."""
    if invoker.action.owner is not None:
        return
    for example in invoker.action.examples:
        if not example.include_in_schema or example.raises:
            continue
        try:
            text = invoker.signature.arguments_to_json(example.params)
        except (PydanticSerializationError, ProblemError):
            continue
        yield example.name, from_json(text)


def _nothing(parent: Any, arguments: Any, context: Any) -> None:  # noqa: ARG001
    return None


async def _start_nothing(parent: Any, arguments: Any, context: Any) -> None:
    return _nothing(parent, arguments, context)


_NOTHING = OutputField(
    EMPTY,
    "Boolean",
    ActionField(_start_nothing, _nothing),
    description="Always null: there is nothing to ask for here, only what changes something.",
)
