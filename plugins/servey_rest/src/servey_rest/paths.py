"""Where an action stands among the URLs, and which of its parameters are in the path."""

from servey_core import Action, Binding, Signature
from servey_core.errors import ActionError
from servey_core.texts import Shape, shape_of
from servey_core.triggers import WebTrigger
from servey_web import parameter_of


def path_of(binding: Binding) -> str:
    """The path of a web trigger: its own, or `/actions/` and the action's name with dashes."""
    assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - the callers ask for these only
    return binding.trigger.path or f"/actions/{binding.action.path_name}"


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
