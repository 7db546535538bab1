"""An action's parameters as options of a command.

What an option is called, takes and says follows from the signature. What it means does not: its
text goes through `Signature.from_texts`, by the same rules as a query string.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import to_json

from servey_core.signatures import Parameter, Signature
from servey_core.texts import Shape, shape_of

RESERVED = frozenset({"actions", "as", "event", "help", "json", "token"})
"""Options of `servey run` itself; a parameter of such a name is given as `--arg-NAME`."""

Schema = Mapping[str, Any]

_METAVARS = {"string": "TEXT", "integer": "INTEGER", "number": "NUMBER", "boolean": "BOOLEAN"}


class ArgumentOption(click.Option):
    """An option that gives an argument, or a field of one.

    Args:
        flag: What it is called, without dashes.
        argument: The name that goes with its text: `size`, or `filter[name]`.
        **attributes: What `click.Option` takes.
    """

    def __init__(self, flag: str, argument: str, **attributes: Any) -> None:
        declaration = f"--{flag}/--no-{flag}" if attributes.get("is_flag") else f"--{flag}"
        super().__init__([declaration, _identifier(argument)], default=None, **attributes)
        self.argument = argument

    def pairs(self, value: Any) -> Iterator[tuple[str, str]]:
        """The pairs of name and text that a value from the command line stands for."""
        if isinstance(value, bool):
            yield self.argument, "true" if value else "false"
        elif isinstance(value, str):
            yield self.argument, value
        else:
            for text in value or ():
                yield self.argument, text


def argument_options(signature: Signature) -> list[ArgumentOption]:
    """One option for each parameter, and for each plain field of one that is an object."""
    schema = _schema_of(signature)
    options: list[ArgumentOption] = []
    flags = _Flags()
    for parameter in signature.parameters.values():
        options.extend(_options(parameter, schema, flags))
    return options


class _Flags:
    """Gives each option a name of its own."""

    def __init__(self) -> None:
        self._taken = set(RESERVED)

    def take(self, name: str) -> str:
        flag = name.strip("_").replace("_", "-") or "arg"
        while flag in self._taken or flag.removeprefix("no-") in self._taken:
            flag = f"arg-{flag}"
        self._taken |= {flag, f"no-{flag}"}
        return flag


def _options(parameter: Parameter, schema: Schema, flags: _Flags) -> Iterator[ArgumentOption]:
    own = _plain(schema.get("properties", {}).get(parameter.name, {}), schema)
    shape = shape_of(parameter.annotation)
    help_text = _help(parameter.description, _notes(parameter, shape))
    name = parameter.name
    flag = flags.take(name)
    if own.get("type") == "boolean":
        yield ArgumentOption(flag, name, help=help_text, is_flag=True)
        return
    items = _plain(own.get("items", {}), schema) if shape is Shape.SEVERAL else own
    metavar = _metavar(items, schema) if shape in (Shape.ONE, Shape.SEVERAL) else "JSON"
    several = shape is Shape.SEVERAL
    yield ArgumentOption(flag, name, help=help_text, metavar=metavar, multiple=several)
    if shape is Shape.OBJECT:
        yield from _field_options(flag, name, own, schema)


def _field_options(flag: str, owner: str, own: Schema, schema: Schema) -> Iterator[ArgumentOption]:
    """What is deeper than a plain field is given as JSON, to its owner."""
    for name, declared in own.get("properties", {}).items():
        field = _plain(declared, schema)
        if metavar := _metavar(field, schema):
            help_text = _help(field.get("description", ""), _default(field.get("default")))
            field_flag = f"{flag}.{name.replace('_', '-')}"
            yield ArgumentOption(field_flag, f"{owner}[{name}]", help=help_text, metavar=metavar)


def _notes(parameter: Parameter, shape: Shape) -> list[str]:
    notes = ["may be given several times"] if shape is Shape.SEVERAL else []
    if parameter.required:
        return [*notes, "required"]
    return notes + _default(parameter.written(parameter.default))


def _default(value: Any) -> list[str]:
    if value is None:
        return []
    return ["default: " + to_json(value, fallback=repr).decode().strip('"')]


def _help(description: str, notes: Iterable[str]) -> str:
    noted = "; ".join(notes)
    return f"{description}  [{noted}]".strip() if noted else description


def _metavar(own: Schema, schema: Schema) -> str:
    """What stands for a value in the help; empty where it cannot be written as one text."""
    if "enum" in own or "const" in own:
        choices = own.get("enum") or [own["const"]]
        return "[" + "|".join(str(choice) for choice in choices) + "]"
    if members := [member for member in own.get("anyOf", ()) if not _is_null(member)]:
        metavars = [_metavar(_plain(member, schema), schema) for member in members]
        return "|".join(dict.fromkeys(metavars)) if all(metavars) else ""
    if own.get("type") == "string" and "format" in own:
        return str(own["format"]).upper()
    return _METAVARS.get(own.get("type", ""), "")


def _plain(own: Schema, schema: Schema) -> Schema:
    """A schema without its reference, and without `null` beside it."""
    if "$ref" in own:
        target = schema.get("$defs", {}).get(own["$ref"].rpartition("/")[2], {})
        return _plain({**target, **{key: own[key] for key in own if key != "$ref"}}, schema)
    members = [member for member in own.get("anyOf", ()) if not _is_null(member)]
    if len(members) == 1:
        return _plain({**members[0], **{key: own[key] for key in own if key != "anyOf"}}, schema)
    return own


def _is_null(own: Schema) -> bool:
    return own.get("type") == "null"


def _schema_of(signature: Signature) -> Schema:
    try:
        return signature.arguments_adapter.json_schema()
    except PydanticInvalidForJsonSchema:  # the help says less then
        return {}


def _identifier(argument: str) -> str:
    """A name for click to keep the value under, which no option of `servey run` has."""
    return "argument_" + "".join(letter if letter.isalnum() else "_" for letter in argument)
