"""Reading arguments from JSON: by pydantic, and once more where that may have been too kind."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from servey_core.fail_fast import fail_fast_validator
from servey_core.finite import may_hide_numbers
from servey_core.input_schemas import input_schema, input_validator
from servey_core.jsons import is_suspect, parse_json
from servey_core.members import member_counts
from servey_core.refusals import invalid_input

_LONG = 8192
"""Up to how many bytes all is told that is wrong; of what is longer, the first of each list."""


def json_reader(
    adapter: TypeAdapter[Any], annotations: Mapping[str, Any]
) -> Callable[[bytes], dict[str, Any]]:
    """Make what reads arguments from a JSON object, strictly.

    It raises `BadRequest` for what is not JSON, and `InvalidInput` where arguments are wrong.

    Args:
        adapter: What checks the arguments.
        annotations: Their types.
    """
    schema = adapter.core_schema
    validator = input_validator(adapter)
    hurried = cache(lambda: fail_fast_validator(input_schema(schema), validator))
    counts = tuple(member_counts(annotations).items())
    validate_json, hides_numbers = validator.validate_json, may_hide_numbers(schema)

    def read(text: bytes) -> dict[str, Any]:
        try:
            validate = validate_json if len(text) <= _LONG else hurried().validate_json
            arguments: dict[str, Any] = validate(text, strict=True)
        except ValidationError as error:
            raise invalid_input(error, parse_json(text)) from None
        members = len(arguments)
        for name, count in counts:
            if name in arguments:
                members += count(arguments[name])
        if text.count(b":") != members or (hides_numbers and is_suspect(text)):
            parse_json(text)
        return arguments

    return read
