"""Actions that a function makes."""

from collections.abc import Callable

from servey_core import WEB_GET, Example, action


def _generate(name: str) -> Callable[[], str]:
    answer = f"This is {name}."

    @action(name=name, triggers=WEB_GET, examples=Example("plain", result=answer))
    def generated() -> str:
        """Say which action this is."""
        return answer

    return generated


generated_1 = _generate("generated_1")
generated_2 = _generate("generated_2")
generated_3 = _generate("generated_3")
