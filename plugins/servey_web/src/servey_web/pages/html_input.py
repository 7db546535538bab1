"""What browsers send of forms, as the arguments that people mean by it.

An input that is left empty is sent as an empty text, a checkbox that is checked as `on` where it
has no value of its own, and one that is not checked is not sent at all. So of a page's parameters,

- an empty text is the same as none, where the parameter may be left out or None, and takes no text;
- a parameter that may be None is None where nothing is sent, even if it has no default;
- a `bool` is True where `on` is sent;
- a `bool` that a form leaves out is False, and a list that a form leaves out is empty;
- what stands in the query beside a form is none: it came along with the link to it;
- and of a page without a form, what stands there and is no parameter is none, for the same reason.

Everything else is as REST has it: an empty text for a required `str` is an empty text, and what a
required number is missing is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from urllib.parse import urlencode

from starlette.types import Scope
from typing_extensions import TypeAliasType

from servey_core import InvalidInput, Signature
from servey_core.texts import Shape, file_shape, shape_of
from servey_web.arguments.forms import FormContent
from servey_web.arguments.headers import in_headers
from servey_web.arguments.queries import Pairs, parse_query
from servey_web.arguments.readers import Arguments, form_reader, query_reader

_CHECKED = "on"
"""What is sent for a checkbox that has no value of its own."""


@dataclass(frozen=True)
class _Kinds:
    """How parameters are read.

    Attributes:
        signature: What the action takes, with what HTML leaves out not required.
        emptied: Those whose empty texts are the same as none.
        checked: Those that are checked or not.
        fill: What stands for what a query leaves out.
        fill_form: What makes what stands for what a form leaves out.
    """

    signature: Signature
    emptied: frozenset[str]
    checked: frozenset[str]
    fill: dict[str, None]
    fill_form: dict[str, Callable[[], Any]]

    def meant(self, pairs: Pairs) -> Pairs:
        """Names and texts as they are meant."""
        return [
            (name, "true" if text == _CHECKED and name in self.checked else text)
            for name, text in pairs
            if text or parameter_of_field(name) not in self.emptied
        ]


def page_reader(signature: Signature, in_path: tuple[str, ...]) -> Callable[[Scope], Arguments]:
    """What reads the arguments of a page from its path and query.

    Raises:
        ValueError: A parameter cannot be read from the header or cookie that it names.
    """
    kinds = _kinds(signature, in_path, in_form=False)
    read = query_reader(kinds.signature, in_path)
    special, fill = bool(kinds.emptied or kinds.checked), kinds.fill

    def read_filled(scope: Scope) -> Arguments:
        query = scope["query_string"]
        if query and special and _is_special(query):
            meant = kinds.meant(parse_query(query))
            scope = {**scope, "query_string": urlencode(meant).encode()}
        arguments = read(scope)
        return {**fill, **arguments} if fill else arguments

    return _known_reader(signature, read_filled if special or fill else read)


def _known_reader(
    signature: Signature, read: Callable[[Scope], Arguments]
) -> Callable[[Scope], Arguments]:
    """What reads a query as if there were only parameters in it."""

    def read_known(scope: Scope) -> Arguments:
        try:
            return read(scope)
        except InvalidInput:
            pairs = parse_query(scope["query_string"])
            known = [pair for pair in pairs if parameter_of_field(pair[0]) in signature.parameters]
            if len(known) == len(pairs):
                raise
            return read({**scope, "query_string": urlencode(known).encode()})

    return read_known


def page_form_reader(
    signature: Signature, in_path: tuple[str, ...]
) -> Callable[[tuple[Scope, FormContent]], Arguments]:
    """What reads the arguments of a page from its path and form.

    Raises:
        ValueError: A parameter cannot be read from the header or cookie that it names.
    """
    kinds = _kinds(signature, in_path, in_form=True)
    read = form_reader(kinds.signature, in_path)

    def read_filled(given: tuple[Scope, FormContent]) -> Arguments:
        scope, form = given
        form = replace(form, fields=kinds.meant(form.fields))
        arguments = read(({**scope, "query_string": b""}, form))
        for name, make in kinds.fill_form.items():
            if name not in arguments:
                arguments[name] = make()
        return arguments

    return read_filled


def _kinds(signature: Signature, in_path: tuple[str, ...], *, in_form: bool) -> _Kinds:
    places = in_headers(signature)
    nullable, emptied, checked = set(), set(), set()
    made: dict[str, Callable[[], Any]] = {}
    for name, one in signature.parameters.items():
        if name in in_path or name in places or file_shape(one.annotation):
            continue
        kinds = kinds_of(one.annotation)
        if kinds - {NoneType} == {bool}:
            checked.add(name)
        if NoneType in kinds:
            nullable.add(name)
        elif in_form and kinds == {bool}:
            made[name] = bool
        elif in_form and (make := _empty_maker(signature, name)):
            made[name] = make
        if NoneType in kinds or (not one.required and str not in kinds):
            emptied.add(name)
    left_out = {name for name in nullable if signature.parameters[name].required}
    made |= dict.fromkeys(left_out, NoneType)
    lenient = signature.only(signature.parameters.keys())
    lenient.parameters = {
        name: replace(one, required=False) if name in left_out or name in made else one
        for name, one in signature.parameters.items()
    }
    lenient = lenient.only(lenient.parameters.keys())
    return _Kinds(lenient, frozenset(emptied), frozenset(checked), dict.fromkeys(left_out), made)


def _empty_maker(signature: Signature, name: str) -> Callable[[], Any] | None:
    """What makes a list without items, where a parameter is a list and may be without."""
    if shape_of(signature.parameters[name].annotation) is not Shape.SEVERAL:
        return None
    only = signature.only([name])
    try:
        only.from_python({name: []})
    except InvalidInput:
        return None
    return lambda: only.from_python({name: []})[name]


def kinds_of(annotation: Any) -> set[Any]:
    """The types that a parameter may be of."""
    if isinstance(annotation, TypeAliasType):
        return kinds_of(annotation.__value__)
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return {kind for one in get_args(annotation) for kind in kinds_of(one)}
    return {annotation}


def _is_special(query: bytes) -> bool:
    """Whether a query has a name with an empty text, or something that is checked."""
    if query[-1:] == b"=" or b"=&" in query or b"=on" in query:
        return True
    return query.count(b"=") <= query.count(b"&")


def parameter_of_field(field: str) -> str:
    """The parameter that a field of a form is a part of: `filter` for `filter[name]`."""
    return field.partition("[")[0]
