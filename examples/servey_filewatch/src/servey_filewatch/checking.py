"""What must be true of an action and its folder before anything is watched."""

import json
from pathlib import Path

from servey_core import ActionError, Binding, InvalidInput, Runtime, Signature
from servey_filewatch.triggers import FileTrigger


def file_bindings(runtime: Runtime) -> tuple[Binding, ...]:
    """The bindings that this plugin serves."""
    return tuple(b for b in runtime.bindings if isinstance(b.trigger, FileTrigger))


def check(binding: Binding, trigger: FileTrigger, signature: Signature) -> None:
    """Refuse what could never work.

    Raises:
        ActionError: The folder is not there, or the action cannot take what it would be given.
    """
    if fault := _folder_fault(trigger) or _caller_fault(binding, signature):
        raise _error(binding, fault)
    if "path" not in signature.parameters:
        raise _error(binding, "it needs a parameter `path: Path`, to be told the file.")
    for change in trigger.changes:
        _try(binding, signature, change)


def arguments(signature: Signature, change: str, path: Path) -> bytes:
    """What an action is given, as JSON: the path, and the change if it takes one."""
    given = {"path": str(path)}
    if "change" in signature.parameters:
        given["change"] = change
    return json.dumps(given).encode()


def _folder_fault(trigger: FileTrigger) -> str:
    folder = Path(trigger.folder).absolute()
    return "" if folder.is_dir() else f"there is no folder {str(folder)!r} to watch: make it."


def _caller_fault(binding: Binding, signature: Signature) -> str:
    if binding.action.access_control.public and not any(signature.injected.values()):
        return ""
    return "it wants to know its caller, and a file has none: leave out access control."


def _try(binding: Binding, signature: Signature, change: str) -> None:
    """Read the arguments for a file that exists, this very one."""
    try:
        signature.from_json(arguments(signature, change, Path(__file__)))
    except InvalidInput as error:
        reasons = "; ".join(f"{one.pointer.lstrip('#/')}: {one.detail}" for one in error.errors)
        raise _error(
            binding,
            f"it cannot take what it is given for a file that was {change} "
            f"(`path: Path`, and if it likes `change: Change`): {reasons}",
        ) from None


def _error(binding: Binding, fault: str) -> ActionError:
    return ActionError(
        binding.action.name, binding.action.place, f"trigger {binding.trigger}: {fault}"
    )
