"""How operations are executed: compiled once, from the schema and the selections."""

from servey_graphql.plans.operations import Plan, compile_plan

__all__ = ["Plan", "compile_plan"]
