"""Schemas made of functions, and asked without a server, by graphql-core's executor or by plans."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, graphql, parse, print_type, validate
from waiting import PATIENCE

from servey_core import Authorization, ProblemError, Runtime, action_of, start
from servey_graphql.contexts import OperationContext
from servey_graphql.plans import compile_plan
from servey_graphql.schema.building import build_schema, sdl_text

_DESCRIPTION = re.compile(r'\s*""".*?"""', re.DOTALL)


@dataclass
class Made:
    """A schema, and the application that it is of.

    Plans run operations where they should, or, where that is None, both, and give the same.
    """

    runtime: Runtime
    planned: bool | None = False
    schema: GraphQLSchema = field(init=False)

    def __post_init__(self) -> None:
        self.schema = build_schema(self.runtime)

    @property
    def sdl(self) -> str:
        return sdl_text(self.runtime)

    def type(self, name: str) -> str:
        """A type as SDL writes it, in one line and without descriptions."""
        text = _DESCRIPTION.sub("", print_type(self.schema.type_map[name]))
        return " ".join(text.split())

    def context(self, *scopes: str) -> OperationContext:
        """The context of an operation of a caller with these scopes; without any, of nobody."""
        return OperationContext(Authorization("ann", frozenset(scopes)) if scopes else None)

    def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        context: OperationContext | None = None,
    ) -> ExecutionResult:
        """Run an operation."""
        asked = self.asked(document, variables, context)
        return asyncio.run(asyncio.wait_for(asked, PATIENCE))

    async def asked(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        context: OperationContext | None = None,
    ) -> ExecutionResult:
        """Run an operation in the loop that is running."""
        operation = context or self.context()
        given = dict(variables or {})
        if self.planned is None:
            interpreted = await replace(self, planned=False).asked(document, given, operation)
            planned = await replace(self, planned=True).asked(document, given, operation)
            assert planned.data == interpreted.data
            assert _told(planned) == _told(interpreted)
            return planned
        if self.planned:
            parsed = parse(document)
            assert not validate(self.schema, parsed)
            plan = compile_plan(self.schema, parsed)
            assert plan is not None
            data, errors = await plan.execute(given, operation)
            return ExecutionResult(data, errors or None)
        asked = graphql(self.schema, document, context_value=operation, variable_values=given)
        return await asked

    def data(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        context: OperationContext | None = None,
    ) -> Any:
        """What an operation gives that has no errors."""
        result = self.ask(document, variables, context)
        assert result.errors is None, [error.original_error or error for error in result.errors]
        return result.data

    def problem(self, document: str, context: OperationContext | None = None) -> ProblemError:
        """The problem that an operation's only error is."""
        [error] = self.ask(document, context=context).errors or []
        assert isinstance(error.original_error, ProblemError), error
        return error.original_error


def _told(result: ExecutionResult) -> list[tuple[str, str]]:
    return sorted((str(error.path), error.message) for error in result.errors or [])


def schema_of(*functions: Any, planned: bool | None = False, **given: Any) -> Made:
    """The schema of functions that are actions, with settings."""
    actions = [found for one in functions if (found := action_of(one)) is not None]
    return Made(start(actions=actions, given=given), planned)
