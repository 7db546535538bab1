"""JSON Schemas of what goes in and comes out, with names that stay the same, for any document."""

from servey_core.json_schemas.arguments import arguments_schema, parameter_schema, parameters_of
from servey_core.json_schemas.generator import COMING_OUT, GOING_IN, REFERENCE, Core, Schema
from servey_core.json_schemas.making import SchemaInput, make_schemas
from servey_core.json_schemas.problem import PROBLEM, PROBLEM_SCHEMA

__all__ = [
    "COMING_OUT",
    "GOING_IN",
    "PROBLEM",
    "PROBLEM_SCHEMA",
    "REFERENCE",
    "Core",
    "Schema",
    "SchemaInput",
    "arguments_schema",
    "make_schemas",
    "parameter_schema",
    "parameters_of",
]
