"""An action on a returned type: it is worked out only where it is asked for."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from servey_core import WEB_GET, Example, action

Value = Annotated[int, Field(ge=1, le=20)]
Product = Annotated[int, Field(ge=1, le=2**63 - 1)]  # beyond 32 bits, so BigInt in GraphQL


@dataclass
class NumberStats:
    """A number, and what can be said of it."""

    value: Value

    @action(examples=Example("five", {"self": {"value": 5}}, 120))
    async def factorial(self) -> Product:
        """Multiply all the numbers up to this one."""
        result = 1
        for factor in range(2, self.value + 1):
            result *= factor
        return result

    @action(
        triggers=WEB_GET,
        examples=Example("twelve", {"self": {"value": 12}, "at_least": 3}, [3, 4, 6, 12]),
    )
    def divisors(self, at_least: Value = 1) -> list[int]:
        """List what divides the number; it has a trigger of its own too."""
        return [number for number in range(at_least, self.value + 1) if self.value % number == 0]


@action(triggers=WEB_GET, examples=Example("five", {"value": 5}, NumberStats(5)))
def number_stats(value: Value) -> NumberStats:
    """Begin with a number."""
    return NumberStats(value)
