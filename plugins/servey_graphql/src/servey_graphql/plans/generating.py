"""Functions made for one operation from source text, so that nothing is interpreted per object.

The text holds no word of a user's but response names and keys, as literals, and the names of
attributes, which are checked. Everything else is called by names that are made here.
"""

from collections.abc import Callable
from functools import lru_cache
from keyword import iskeyword
from types import CodeType, CoroutineType
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from servey_graphql.plans.leaves import USUAL, SurpriseError, names_of, strictly
from servey_graphql.plans.object_plans import MOST_CLASSES, ObjectPlan
from servey_graphql.plans.positions import placed
from servey_graphql.plans.slots import Field
from servey_graphql.resolvers import ActionField, Attribute, ClassNames


class Source:
    """The text of one function, and what its names mean."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.meanings: dict[str, Any] = {"CoroutineType": CoroutineType}

    def name(self, meaning: object) -> str:
        """A name for an object."""
        name = f"n{len(self.meanings)}"
        self.meanings[name] = meaning
        return name

    def add(self, *lines: str, indent: int = 1) -> None:
        """Add lines to the function's body."""
        self.lines += ["    " * indent + line for line in lines]

    def function(self, parameters: str) -> Callable[..., Any]:
        """The function."""
        text = "\n".join([f"def made({parameters}):", *self.lines])
        exec(_code(text), self.meanings)  # noqa: S102
        made: Callable[..., Any] = self.meanings["made"]
        return made


@lru_cache(maxsize=512)
def _code(text: str) -> CodeType:
    return compile(text, "<a plan of servey_graphql>", "exec")


def pure_function(plan: ObjectPlan) -> Callable[[Any], dict[str, Any]]:
    """Shows an object of plain data; raises on any surprise."""
    source = Source()
    source.add(f"if type(v) not in {source.name(plan.fit)}: {source.name(plan.admit)}(v)")
    shown = _read(plan, source, indent=1)
    source.add(f"return {shown}")
    return source.function("v")


def live_function(plan: ObjectPlan) -> Callable[..., dict[str, Any]]:
    """Shows an object of a fit class: its data at once, then field by field what actions give."""
    source = Source()
    source.add("try:")
    shown = _read(plan, source, indent=2)
    source.add(f"shown = {shown}", indent=2)
    source.add("except Exception:", f"    return {source.name(plan.carefully)}(v, execution, here)")
    for field in plan.fields:
        if not is_data(field):
            _call(field, source)
    source.add("return shown")
    return source.function("v, execution, here")


def pure_list(field: Field, item_type: GraphQLOutputType) -> Callable[[Any], list[Any]]:
    """Shows a list of plain data; raises on any surprise."""
    source = Source()
    each = _expression(item_type, "x", field, source)
    source.add(f"return [{each} for x in {source.name(_listed)}(v)]")
    return source.function("v")


def is_lazy(plan: ObjectPlan) -> bool:
    """Whether all that is more than data comes at once, and is mostly shown as it is."""
    return all(
        isinstance(field.resolver, ActionField)
        and field.resolver.now is not None
        and field.is_usual is not None
        for field in plan.fields
        if not is_data(field)
    )


def is_data(field: Field) -> bool:
    """Whether a field is read of its parent, and all below it too."""
    if field.batch is not None or isinstance(field.resolver, ActionField):
        return False
    return has_plain_values(field)


def has_plain_values(field: Field) -> bool:
    """Whether the values of a field, however they are got, are plain data with all below."""
    if any(plan.pure is None for plan in field.plans.values()):
        return False
    named = get_named_type(field.value_type)
    return not is_abstract_type(named) or isinstance(named.resolve_type, ClassNames)


def _read(plan: ObjectPlan, source: Source, *, indent: int) -> str:
    """Add what reads the data; return the display of the object, null for what comes later."""
    shown: list[str] = []
    for number, field in enumerate(plan.fields):
        value = "None"
        if is_data(field):
            value = f"a{number}"
            if field.resolver is None:
                value = repr(plan.object_type.name)
            else:
                source.add(f"{value} = {_got(field, source)}", indent=indent)
                value = _expression(field.value_type, value, field, source)
        shown.append(f"{field.key!r}: {value}")
    return "{" + ", ".join(shown) + "}"


def _got(field: Field, source: Source) -> str:
    attribute = field.resolver
    if not isinstance(attribute, Attribute):
        raise TypeError(field.name)
    name = attribute.name
    if attribute.is_key:
        got = f"v.get({name!r})"
    elif name.isascii() and name.isidentifier() and not iskeyword(name):
        got = f"v.{name}"
    else:
        got = f"getattr(v, {name!r})"
    return got if attribute.convert is None else f"{source.name(attribute.convert)}({got})"


def _call(field: Field, source: Source) -> None:
    """Add what gets a field that is more than data, and puts it in its place."""
    slot, key = source.name(field), repr(field.key)
    if field.batch is not None:
        source.add(f"execution.gathering.batches.hold({slot}, shown, here, v)")
        return
    resolver = field.resolver
    if not isinstance(resolver, ActionField):
        source.add(f"shown[{key}] = execution.run({slot}, v, shown, here)")
        return
    call = source.name(resolver.start if resolver.now is None else resolver.now)
    arguments = "{}" if field.arguments is None else f"{source.name(field.arguments)}(execution)"
    source.add(
        "try:",
        f"    x = {call}(v, {arguments}, execution.context)",
        "except Exception as error:",
        "    x = error",
    )
    if resolver.now is None:
        source.add(
            "if type(x) is CoroutineType:",
            f"    execution.gathering.expected.append((x, ({slot}, {key}, shown, here)))",
            "else:",
            f"    shown[{key}] = execution.settle({slot}, {key}, x, shown, here)",
        )
        return
    usual = _usual(field.value_type)
    if usual is None:
        source.add(f"shown[{key}] = execution.settle({slot}, {key}, x, shown, here)")
        return
    source.add(
        f"if {usual.format('x')}:",
        f"    shown[{key}] = x",
        "else:",
        f"    here = {source.name(placed)}(here)",
        f"    shown[{key}] = execution.settle({slot}, {key}, x, shown, here)",
    )


def _usual(value_type: GraphQLOutputType) -> str | None:
    usual = USUAL.get(_without_null(value_type))
    if usual is None or is_non_null_type(value_type):
        return usual
    return f"{usual} or {{0}} is None"


def _without_null(value_type: GraphQLOutputType) -> Any:
    return value_type.of_type if is_non_null_type(value_type) else value_type


def _expression(value_type: GraphQLOutputType, value: str, field: Field, source: Source) -> str:
    """The expression that shows a value, which is a variable; it raises on any surprise."""
    usual = _usual(value_type)
    inner = _without_null(value_type)
    if usual is not None:
        strict = source.name(strictly(inner))
        return f"({value} if {usual.format(value)} else {strict}({value}))"
    if is_list_type(inner):
        item = f"{value}_"
        each = _expression(inner.of_type, item, field, source)
        expression = f"[{each} for {item} in {source.name(_listed)}({value})]"
    elif is_leaf_type(inner):
        expression = _leaf_expression(inner, value, source)
    else:
        expression = f"{source.name(_pure_member(field))}({value})"
    if is_non_null_type(value_type):
        return expression
    return f"(None if {value} is None else {expression})"


def _leaf_expression(leaf_type: GraphQLLeafType, value: str, source: Source) -> str:
    strict = f"{source.name(strictly(leaf_type))}({value})"
    if not isinstance(leaf_type, GraphQLEnumType):
        return strict
    names = source.name(names_of(leaf_type))
    return f"({names}[{value}] if {value} in {names} else {strict})"


def _listed(value: Any) -> Any:
    if type(value) is list or type(value) is tuple:
        return value
    raise SurpriseError


def _pure_member(field: Field) -> Callable[[Any], Any]:
    """Shows an object that a field gives, of whichever type it is."""
    named = get_named_type(field.value_type)
    names = named.resolve_type if is_abstract_type(named) else None
    if not isinstance(names, ClassNames):
        return _pure(field.plans[named.name])
    functions: dict[type, Callable[[Any], Any]] = {}

    def shown(value: Any) -> Any:
        cls = type(value)
        function = functions.get(cls)
        if function is None:
            plan = field.plans.get(names.of(cls) or "")
            if plan is None:
                raise SurpriseError
            function = _pure(plan)
            if len(functions) < MOST_CLASSES:
                functions[cls] = function
        return function(value)

    return shown


def _pure(plan: ObjectPlan) -> Callable[[Any], Any]:
    if plan.pure is None:
        raise TypeError(plan.object_type.name)
    return plan.pure
