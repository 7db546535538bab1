"""Documents that call an action as its example does, and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from servey_core import Action, Runtime, WebTrigger
from servey_graphql.resolvers import IsInstance
from servey_graphql.schema import build_schema
from servey_graphql.schema.names import camel_case
from servey_graphql.surface.json_forms import Selections, given, members_of


@dataclass(frozen=True, slots=True)
class Called:
    """An action as a field.

    Attributes:
        holder: The type that it is a field of.
        name: The field's name.
        field: The field.
        keyword: What a document begins with that asks for it.
    """

    holder: GraphQLObjectType
    name: str
    field: GraphQLField
    keyword: str = "query"


class ExampleDocuments:
    """Makes documents for the actions of an application.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @cached_property
    def schema(self) -> GraphQLSchema:
        """The schema."""
        return build_schema(self._runtime)

    @cached_property
    def _selections(self) -> Selections:
        invokers = self._runtime.invokers.values()
        return Selections(members_of(one.signature.result_adapter.core_schema for one in invokers))

    def called(self, action: Action) -> Called | None:
        """The field that an action is; None where it is none."""
        if action.owner is not None:
            return self._nested(action, action.owner)
        triggers = [one for one in action.triggers if isinstance(one, WebTrigger)]
        if not triggers:
            return None
        safe = any(one.safe for one in triggers)
        holder = self.schema.query_type if safe else self.schema.mutation_type
        assert holder is not None  # noqa: S101 - the action is one of its fields
        name = camel_case(action.name)
        return Called(holder, name, holder.fields[name], "query" if safe else "mutation")

    def document(self, called: Called, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The document that calls an action, and its variables.

        What the field has no argument for stands in the document nevertheless, to be refused.

        Args:
            called: The action.
            params: The arguments, as JSON values.
        """
        known = {one.out_name or name: name for name, one in called.field.args.items()}
        declared, passed, variables = [], [], {}
        for number, (json_name, value) in enumerate(params.items()):
            name = known.get(json_name)
            if name is None:
                passed.append(f"{json_name}: null")
                continue
            kind = called.field.args[name].type
            declared.append(f"$v{number}: {kind}")
            passed.append(f"{name}: $v{number}")
            variables[f"v{number}"] = given(value, kind)
        head = called.keyword + (f" ({', '.join(declared)})" if declared else "")
        arguments = f"({', '.join(passed)})" if passed else ""
        selected = self._selections.of(called.field.type)
        text = selected.text if selected else ""
        return f"{head} {{ {called.name}{arguments} {text} }}", variables

    def result(self, called: Called, data: Mapping[str, Any]) -> Any:
        """The result of an action, as it is on other surfaces."""
        value, selected = data[called.name], self._selections.of(called.field.type)
        return selected.read(value) if selected and value is not None else None

    def _nested(self, action: Action, owner: type) -> Called | None:
        name = camel_case(action.function.servey_action.name)  # type: ignore[attr-defined]
        for kind in self.schema.type_map.values():
            if not isinstance(kind, GraphQLObjectType) or name not in kind.fields:
                continue
            if isinstance(kind.is_type_of, IsInstance) and kind.is_type_of.cls is owner:
                return Called(kind, name, kind.fields[name])
        return None
