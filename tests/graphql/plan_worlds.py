"""Worlds to query: schemas, documents and data that follow a seed.

The value of a field is a function of the parent's seed and the field, so that a plan and
graphql-core meet the same values, faults and failures, whichever comes first.
"""

import asyncio
from collections import Counter
from random import Random

from graphql import (
    GraphQLError,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from hypothesis import strategies as st

from servey_graphql.resolvers import (
    ActionField,
    Attribute,
    BatchedField,
    ClassNames,
    IsInstance,
)

LEAVES = ["Int", "Float", "String", "Boolean", "ID", "Colour", "Odd"]
COMPOSITE = ["T0", "T1", "T2", "U", "N"]
ARGUMENTS = "(a: Int = 3, b: [Int!], c: In, d: Float! = 1.5)"
GIVEN = [
    "",
    "(a: 1)",
    "(a: null, b: [1, 2])",
    "(b: 4, d: 2)",
    "(c: {x: 1, y: [2]})",
    "(a: $int)",
    "(b: [$item, 2])",
    "(c: {x: $int})",
    "(d: $float)",
]
VARIABLES = {
    "$int": "Int",
    "$item": "Int! = 7",
    "$float": "Float = 2.5",
    "$yes": "Boolean!",
    "$no": "Boolean = false",
}
DIRECTIVES = [
    *[""] * 6,
    "@skip(if: $yes)",
    "@include(if: $yes)",
    "@include(if: $no)",
    "@skip(if: false)",
    "@include(if: $yes) @skip(if: $no)",
]
POSSIBLE = {"T0": ["T0"], "T1": ["T1"], "T2": ["T2"], "U": ["T0", "T1"], "N": ["T0", "T2"]}


class Thing:
    """An object whose attributes and items follow its seed."""

    def __init__(self, world, seed):
        self._world, self._seed, self._values = world, seed, {}

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name):
        if name not in self._values:
            self._values[name] = self._world.value(self, name)
        return self._values[name]

    def __repr__(self):
        return f"<{type(self).__name__} {self._seed}>"


class Zero(Thing):
    kind = "T0"


class LittleZero(Zero):
    """A class that derives from the one that the type asks for."""


class One(Thing):
    kind = "T1"


class Two(Thing):
    kind = "T2"

    def get(self, name):
        return self[name]


CLASSES = {"T0": [Zero, Zero, LittleZero], "T1": [One], "T2": [Two]}


class Iterable:
    """Something to iterate over that is no list."""

    def __init__(self, items):
        self._items = items

    def __iter__(self):
        return iter(self._items)


class Later:
    """A value that may be awaited, more than once."""

    def __init__(self, world, value_type, draw, seed):
        self._world, self._value_type, self._draw, self._seed = world, value_type, draw, seed

    def __await__(self):
        random = Random(self._draw)
        for _ in range(random.choice([0, 1, 2])):
            yield from asyncio.sleep(0).__await__()
        value = self._world.made(self._value_type, random, self._seed)
        while isinstance(value, Later):
            value = yield from value.__await__()
        if isinstance(value, Exception):
            raise value
        return value


class World:
    """A schema, and what its fields give.

    Attributes:
        schema: The schema, with its resolvers.
        faults: How probable a fault is in each value.
        waits: Whether anything is awaited.
        calls: How often each field's action was called for each parent.
    """

    def __init__(self, sdl, faults, seed, *, waits):
        self.schema = build_schema(sdl)
        self.faults, self.seed, self.waits = faults, seed, waits
        self.calls = Counter()
        odd = self.schema.type_map["Odd"]
        odd.coerce_output_value = odd_or_nothing

    def value(self, parent, name):
        """The value of a parent's attribute, or of the root's field."""
        kind = parent.kind if isinstance(parent, Thing) else parent
        seed = parent._seed if isinstance(parent, Thing) else ""
        random = Random(f"{self.seed}/{seed}/{name}")
        value_type = self.schema.type_map[kind].fields[name].type
        value = self.made(value_type, random, f"{seed}/{name}")
        if isinstance(value, Exception) and random.random() < 0.7:
            raise value
        return value

    def made(self, value_type, random, seed, depth=0):
        """A value of a type, or a fault."""
        if random.random() < self.faults:
            return random.choice(
                [None, None, ValueError("boom"), GraphQLError("told"), object, "text", 2**40, 1.5]
            )
        if is_non_null_type(value_type):
            return self.made(value_type.of_type, random, seed, depth)
        if self.waits and random.random() < 0.1:
            return Later(self, value_type, random.random(), seed)
        if is_list_type(value_type):
            length = random.choice([0, 1, 2, 3])
            make = random.choice([list, list, tuple, Iterable])
            return make(
                [self.made(value_type.of_type, random, f"{seed}.{i}", 1) for i in range(length)]
            )
        if is_leaf_type(value_type):
            return random.choice(LEAF_VALUES[value_type.name])
        kind = random.choice(POSSIBLE[value_type.name])
        return random.choice(CLASSES[kind])(self, seed)

    def resolver(self, kind, name, way):
        """What gives a field's values in one of the ways."""
        if way == "attribute":
            return Attribute(name, is_key=kind == "T2")
        if way == "converted":
            return Attribute(name, is_key=kind == "T2", convert=lambda value: value)

        def now(parent, arguments, context):
            assert context == "context"
            parent = kind if parent is None else parent
            self.calls[repr(parent), name, repr(arguments)] += 1
            told = repr(sorted(arguments.items()))
            arguments.clear()
            value = self.value(parent, name)
            return told if type(value) is str and value == "arguments" else value

        async def start(parent, arguments, context):
            random = Random(f"{self.seed}/{parent}/{name}/wait")
            for _ in range(random.choice([0, 0, 1, 2])):
                await asyncio.sleep(0)
            value = now(parent, arguments, context)
            return await value if isinstance(value, Later) else value

        async def many(parents, arguments, context):
            values = []
            for parent in parents:
                try:
                    values.append(await start(parent, dict(arguments), context))
                except Exception as error:  # noqa: BLE001
                    values.append(error)
            return values

        if way == "now":
            return ActionField(start, now)
        return BatchedField(many) if way == "batched" else ActionField(start)


LEAF_VALUES = {
    "Int": [0, 1, -7, 2**31 - 1, True, 3.0, "12"],
    "Float": [0.5, -1e300, 2, "1.5", True],
    "String": ["", "word", "arguments", 3, True],
    "Boolean": [True, False, 1, 0.0],
    "ID": ["id", 5],
    "Colour": ["RED", "BLUE"],
    "Odd": [1, 2, 3, [1], {"x": 1}],
}


def odd_or_nothing(value):
    """A scalar of its own mind."""
    if value == 2:
        return None
    if value == 3:
        raise ValueError("three")
    return {"odd": value}


def type_resolver(how):
    """How a union or interface knows types."""
    if how == "classes":
        return ClassNames({Zero: "T0", One: "T1", Two: "T2"})
    if how == "odd":
        return lambda value, info, abstract: {
            Zero: "T0", LittleZero: "Odd", One: "Missing", Two: 5,
        }.get(type(value))  # fmt: skip
    if how == "raises":
        return lambda value, info, abstract: info.schema.type_map[value.kind].name
    return None


def made_world(seed, faults, *, waits):
    """The world of a seed."""
    random = Random(f"{seed}/schema")
    ways = ["attribute", "attribute", "attribute", "converted", "now"]
    ways += ["start", "batched"] if waits else []
    kinds = {}
    for kind in ("Query", "Mutation", "T0", "T1", "T2"):
        names = [f"f{i}" for i in range(random.randint(2, 5))]
        types = {name: value_type(random) for name in names} | {f"leaf{kind}": "Int!"}
        usual = ways[4:] if kind in ("Query", "Mutation") else ways
        kinds[kind] = {name: (of, random.choice(usual)) for name, of in types.items()}
        kinds[kind]["name"] = ("String", "now" if usual is not ways else "attribute")
    text = "".join(
        f"type {kind} {'implements N ' if kind in ('T0', 'T2') else ''}{{\n"
        + "\n".join(
            f"  {name}{'' if name == 'name' or way in ways[:4] else ARGUMENTS}: {of}"
            for name, (of, way) in fields.items()
        )
        + "\n}\n"
        for kind, fields in kinds.items()
    )
    text += """
    union U = T0 | T1
    interface N { name: String }
    enum Colour { RED BLUE }
    scalar Odd
    input In { x: Int y: [Int] = [1] }
    """
    world = World(text, faults, seed, waits=waits)
    types = world.schema.type_map
    for kind, fields in kinds.items():
        for name, (_, way) in fields.items():
            types[kind].fields[name].resolve = world.resolver(kind, name, way)
    how = random.choice(["class", "class", "none", "function"])
    if how != "none":
        types["T0"].is_type_of = IsInstance(Zero)
        types["T1"].is_type_of = IsInstance(One)
    if how == "function":
        types["T1"].is_type_of = lambda value, info: isinstance(value, One)
    for name in ("U", "N"):
        types[name].resolve_type = type_resolver(
            random.choice(["classes", "classes", "classes", "odd", "raises", "none"])
        )
    return world


def value_type(random):
    """A type of a field, with lists of lists and non-null at each level."""
    text = random.choice(LEAVES + COMPOSITE * 2) + random.choice(["", "", "!"])
    for _ in range(random.choice([0, 0, 1, 1, 2])):
        text = f"[{text}]" + random.choice(["", "", "!"])
    return text


class Author:
    """Writes an operation of a world's schema; `DIRECTIVE` stands where the operation's may be."""

    def __init__(self, world, seed):
        self.types = world.schema.type_map
        self.random = Random(f"{seed}/document")
        self.fragments = []

    def document(self):
        """The document."""
        operation = self.random.choice(["query", "query", "mutation"])
        body = self.selection(operation.capitalize(), 3)
        rest = "\n".join([body, *self.fragments])
        used = [f"{name}: {of}" for name, of in VARIABLES.items() if name in rest]
        variables = f"({', '.join(used)})" if used else ""
        return f"{operation} Q{variables} DIRECTIVE {rest}"

    def selection(self, kind, depth):
        """A selection set of a type."""
        parts = [self.part(kind, depth) for _ in range(self.random.randint(1, 4))]
        return "{" + " ".join([*parts, self.random.choice(["__typename", "t: __typename"])]) + "}"

    def part(self, kind, depth):
        """A field or a fragment."""
        how = self.random.choice(["field"] * 7 + ["inline", "spread", "typename"])
        directive = self.random.choice(DIRECTIVES)
        if how == "typename" or (how == "field" and not hasattr(self.types[kind], "fields")):
            return f"kind: __typename {directive}"
        if how == "field":
            return self.field(kind, depth, directive)
        narrower = self.random.choice([kind, *POSSIBLE.get(kind, [kind])])
        if how == "inline":
            on = f"on {narrower}" if narrower != kind or self.random.random() < 0.5 else ""
            return f"... {on} {directive} {self.selection(narrower, depth - 1)}"
        body = self.selection(narrower, depth - 1)
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {narrower} {body}")
        return f"...{name} {directive}" + self.random.choice(["", f" ...{name}"])

    def field(self, kind, depth, directive):
        """A field, with arguments."""
        name = self.random.choice(sorted(self.types[kind].fields))
        named = get_named_type(self.types[kind].fields[name].type)
        given = self.random.choice([0, 0, 0, 0, *range(len(GIVEN))])
        if not self.types[kind].fields[name].args:
            given = 0
        below = ""
        if not is_leaf_type(named):
            below = self.selection(named.name, depth - 1) if depth > 0 else "{__typename}"
        return f"{kind}_{name}_{given}: {name}{GIVEN[given]} {directive} {below}"


VALUES = st.fixed_dictionaries(
    {"yes": st.booleans()},
    optional={
        "int": st.sampled_from([None, 5, "five"]) | st.just(9),
        "item": st.just(4),
        "float": st.sampled_from([None, 1, 0.5]),
        "no": st.sampled_from([None, True, False]),
    },
)
