"""JSON Schemas of what actions take and give, with names that stay the same."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import TypeAdapter

from servey_core import Signature
from servey_core.json_schemas import (
    COMING_OUT,
    GOING_IN,
    Schema,
    SchemaInput,
    arguments_schema,
    make_schemas,
    parameter_schema,
    parameters_of,
)
from servey_rest.openapi.sending import sending

_Key = tuple[str, str]
_RESULT = ""


class Schemas:
    """The schemas of several actions.

    Args:
        signatures: What the actions take and give, by their names.
        reserved: Names that no type may have.

    Attributes:
        definitions: The schemas that others refer to, by name.
    """

    def __init__(self, signatures: Mapping[str, Signature], reserved: Iterable[str] = ()) -> None:
        self._signatures = signatures
        inputs = [one for name, given in signatures.items() for one in _inputs(name, given)]
        self._found, self.definitions = make_schemas(inputs, reserved)

    def result(self, action: str) -> Schema:
        """The schema of what leaves as JSON: an action's result, or an item of its stream."""
        return self._found[(action, _RESULT), COMING_OUT]

    def parameter(self, action: str, name: str) -> Schema:
        """The schema of one parameter, with its default and description."""
        parameter = self._signatures[action].parameters[name]
        return parameter_schema(parameter, self._found[(action, name), GOING_IN])

    def body(self, action: str, names: Iterable[str]) -> Schema:
        """The schema of the object that some of the parameters are the members of."""
        schemas = {name: self.parameter(action, name) for name in names}
        return arguments_schema(self._signatures[action].parameters, schemas)


def _inputs(action: str, signature: Signature) -> Iterator[SchemaInput[_Key]]:
    """What schemas are made of: the parameters one by one, and the result."""
    for name, core in parameters_of(signature):
        yield (action, name), GOING_IN, core
    leaving = sending(signature.returned).json
    if leaving is signature.returned.annotation:
        yield (action, _RESULT), COMING_OUT, signature.result_adapter.core_schema
    elif leaving is not None:
        yield (action, _RESULT), COMING_OUT, TypeAdapter(leaving).core_schema
