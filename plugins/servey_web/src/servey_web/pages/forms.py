"""A form as a template knows it: what was sent, and what is wrong with it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import unquote

from servey_core import FieldError
from servey_web.arguments.queries import Pairs

_INDEX = re.compile(r"[0-9]+")


class Texts(dict[str, str]):
    """The texts of fields by their names; an empty one for a field that was not sent."""

    def __missing__(self, name: str) -> str:
        return ""


class Messages(dict[str, list[str]]):
    """What is wrong with fields, by their names; nothing for a field that is right."""

    def __missing__(self, name: str) -> list[str]:
        return []


@dataclass(frozen=True, slots=True)
class FormError:
    """What is wrong with one field.

    Attributes:
        field: The field's name.
        detail: What is wrong, for a person.
    """

    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}" if self.field else self.detail


@dataclass(init=False, eq=False)
class Form:
    """A form: empty, or as it was sent and refused.

    Args:
        fields: Names and texts as they were sent, without secrets.
        errors: What is wrong with them.
        detail: What is wrong with the form as a whole.
        sent: Whether it was sent at all.

    Attributes:
        values: The text of each field, as it was sent.
        errors: What is wrong with each field: a list of texts.
        all_errors: The same in their order, with what concerns no field.
        sent: Whether the form was sent, and is shown again for its errors.
    """

    values: dict[str, str]
    errors: dict[str, list[str]]
    all_errors: list[FormError]
    sent: bool

    def __init__(
        self,
        fields: Pairs | None = None,
        errors: Sequence[FieldError] = (),
        detail: str = "",
        *,
        sent: bool = False,
    ) -> None:
        self.sent = sent
        self._fields: Pairs = fields or []
        self.values = Texts(reversed(self._fields))
        self.errors = Messages()
        self.all_errors = [FormError("", detail)] if detail else []
        for error in errors:
            name = _field_name(error.pointer)
            self.errors.setdefault(name, []).append(error.detail)
            self.all_errors.append(FormError(name, error.detail))

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.all_errors

    def value(self, name: str, default: Any = "") -> str:
        """The text of a field as it was sent; where no form was, that of the default.

        Args:
            name: The field's name.
            default: What stands in the field at first, such as `model.name`; nothing for None.
        """
        return self.values[name] if self.sent else _text(default)

    def texts(self, name: str, default: Iterable[Any] = ()) -> list[str]:
        """All texts of a field that has several; where no form was sent, the default's."""
        if self.sent:
            return [text for one, text in self._fields if one == name]
        return [_text(one) for one in default]

    def checked(self, name: str, default: Any = False) -> bool:  # noqa: FBT002 - a template's
        """Whether a checkbox is checked; where no form was sent, the default."""
        return any(one == name for one, _ in self._fields) if self.sent else bool(default)


def _text(value: Any) -> str:
    """What stands in a field for a value."""
    if isinstance(value, Enum):
        value = value.value
    return "" if value is None else str(value)


def _field_name(pointer: str) -> str:
    """The field that a pointer is of: `address[zip]` for `#/address/zip`, `tags` for `#/tags/0`."""
    parts = [unquote(part).replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    inner = "".join(f"[{part}]" for part in parts[1:] if not _INDEX.fullmatch(part))
    return f"{parts[0]}{inner}" if parts else ""


EMPTY = Form()
"""A form that was not sent."""
