"""What an application has that GraphQL cannot say."""

from servey_core import Action, ActionError


class SchemaError(ActionError):
    """An action takes or gives what GraphQL cannot express, or names it as something else is."""

    def __init__(self, action: Action, reason: str) -> None:
        super().__init__(action.name, action.place, f"its GraphQL field cannot be made: {reason}")
