"""Where an action stands among the URLs, and which of its parameters are in the path."""

from servey_core import Action, Signature
from servey_core.errors import ActionError
from servey_core.texts import Shape, shape_of
from servey_web.routes import parameter_of


def path_parameters(path: str) -> tuple[str, ...]:
    """The names of the parameters in a path.

    Raises:
        ValueError: A segment of the path is a mixture of a parameter and plain text.
    """
    return tuple(name for segment in path.split("/") if (name := parameter_of(segment)))


def check_path(path: str, in_path: tuple[str, ...], action: Action, signature: Signature) -> None:
    """Check that every parameter in a path is one of the action's, and fits into a segment.

    Raises:
        ActionError: It is not, or does not.
    """
    for name in in_path:
        if name not in signature.parameters:
            known = ", ".join(signature.parameters) or "none"
            reason = f"the path {path!r} has the parameter {name!r}; callers give: {known}."
        elif shape_of(signature.parameters[name].annotation) is not Shape.ONE:
            reason = f"the parameter {name!r} is of a type that is no single segment of a path."
        else:
            continue
        raise ActionError(action.name, action.place, reason)
