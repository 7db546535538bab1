"""What a plan does, rule by rule; another file holds it against graphql-core."""

import asyncio
import gc
import json
from contextvars import ContextVar
from dataclasses import dataclass

import pytest
from graphql import build_schema, parse, validate
from waiting import PATIENCE

from servey_graphql.plans import compile_plan
from servey_graphql.resolvers import (
    ActionField,
    Attribute,
    BatchedField,
    ClassNames,
    IsInstance,
)

SDL = """
type Query {
  book(id: Int = 1, tags: [String!] = ["new"]): Book
  books: [Book!]
  sure: Book!
  found: [Found]
  me: Query
}
type Mutation { first: Book second: Book! third: Book }
type Book {
  id: Int! title: String author: Author! slow: String
  reviews(stars: Int, of: [Int!]): [Int!] peer: Book
}
type Author { name: String! fans: Int reviews: [Int!] }
union Found = Book | Author
"""

MANY_CONDITIONS = """
query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: Boolean!) {
  book { id @skip(if: $a) a: id @skip(if: $b) b: id @skip(if: $c) c: id @skip(if: $d) }
  b: book @skip(if: $e) { id }
}
"""


@dataclass
class Author:
    name: str | None = "Ann"

    @property
    def fans(self):
        raise ValueError("no fans")


@dataclass
class Book:
    id: int
    title: object = "Tales"
    author: object = None

    def __post_init__(self):
        self.author = self.author or Author()


class Library:
    """A schema whose resolvers are given by test."""

    def __init__(self, **resolvers):
        self.schema = build_schema(SDL)
        types = self.schema.type_map
        for kind, cls in (("Book", Book), ("Author", Author)):
            types[kind].is_type_of = IsInstance(cls)
            for name, field in types[kind].fields.items():
                field.resolve = Attribute(name)
        types["Found"].resolve_type = ClassNames({Book: "Book", Author: "Author"})
        for kind in ("Query", "Mutation"):
            for field in types[kind].fields.values():
                field.resolve = now(lambda: Book(1))
        for place, resolver in resolvers.items():
            kind, name = place.split("_")
            types[kind].fields[name].resolve = resolver

    def plan(self, text):
        document = parse(text)
        assert not validate(self.schema, document)
        return compile_plan(self.schema, document)

    async def ask(self, text, variables=None):
        return await self.plan(text).execute(variables, "context")

    def run(self, text, variables=None):
        """The data as JSON has it, in its order, and (message, path) of each error."""
        data, errors = asyncio.run(asyncio.wait_for(self.ask(text, variables), PATIENCE))
        return json.dumps(data), [(error.message, error.path) for error in errors]


def now(function):
    """An action that comes at once."""
    return ActionField(None, lambda parent, arguments, context: function())


def later(function):
    """An action that is awaited."""

    async def start(parent, arguments, context):
        return await function(parent)

    return ActionField(start)


def test_the_order_is_the_documents():
    data, errors = Library().run("{ book { title id __typename } b: book { id } }")
    assert data == '{"book": {"title": "Tales", "id": 1, "__typename": "Book"}, "b": {"id": 1}}'
    assert errors == []


def test_null_climbs_to_the_nearest_that_may_be_null():
    library = Library(Query_books=now(lambda: [Book(1, author=Author(None)), Book(2)]))
    data, errors = library.run("{ books { author { name } } book { id } }")
    assert data == '{"books": null, "book": {"id": 1}}'
    message = "Cannot return null for non-nullable field Author.name."
    assert errors == [(message, ["books", 0, "author", "name"])]


def test_null_at_the_top_empties_all():
    data, errors = Library(Query_sure=now(lambda: None)).run("{ book { id } sure { id } }")
    assert data == "null"
    assert errors == [("Cannot return null for non-nullable field Query.sure.", ["sure"])]


def test_what_an_awaited_value_nulls_is_what_a_direct_one_would():
    async def nothing(parent):
        await asyncio.sleep(0)

    library = Library(Author_name=later(nothing), Query_books=now(lambda: [Book(1), Book(2)]))
    data, errors = library.run("{ books { author { name } } book { id } }")
    assert data == '{"books": null, "book": {"id": 1}}'
    assert [path for _, path in errors] == [["books", 0, "author", "name"]]


def test_an_error_keeps_its_cause_and_place():
    _, [error] = asyncio.run(Library().ask("{\n book { author { name fans } } }"))
    assert isinstance(error.original_error, ValueError)
    assert error.path == ["book", "author", "fans"]
    assert [(at.line, at.column) for at in error.locations] == [(2, 23)]


def test_siblings_of_an_error_live():
    data, errors = Library(Book_slow=now(lambda: 1 / 0)).run("{ book { id slow title } }")
    assert data == '{"book": {"id": 1, "slow": null, "title": "Tales"}}'
    assert errors == [("division by zero", ["book", "slow"])]


def test_an_exception_that_is_returned_is_as_raised():
    library = Library(Query_found=now(lambda: [Author(), ValueError("lost"), Book(3)]))
    data, errors = library.run("{ found { ... on Book { id } ... on Author { name } } }")
    assert data == '{"found": [{"name": "Ann"}, null, {"id": 3}]}'
    assert errors == [("lost", ["found", 1])]


def test_a_stranger_is_of_no_type():
    _, errors = Library(Query_found=now(lambda: [3])).run("{ found { __typename } }")
    assert errors[0][0].startswith("Abstract type 'Found' must resolve to an Object type")
    _, errors = Library(Query_book=now(Author)).run("{ book { id } }")
    assert errors[0][0].startswith("Expected value of type 'Book' but got:")


def test_skip_and_include_ask_variables():
    library = Library()
    plan = library.plan(
        "query ($a: Boolean!, $b: Boolean = true)"
        "{ book { id @skip(if: $a) title @include(if: $b) ...F @include(if: $a) } }"
        "fragment F on Book { author { name } }"
    )
    for variables, keys in [
        ({"a": False}, ["id", "title"]),
        ({"a": True}, ["title", "author"]),
        ({"a": True, "b": False}, ["author"]),
        ({"a": False}, ["id", "title"]),
    ]:
        data, errors = asyncio.run(plan.execute(variables, "context"))
        assert (list(data["book"]), errors) == (keys, [])


def test_null_for_a_condition_is_an_error_as_graphql_core_words_it():
    data, errors = Library().run(
        "query ($b: Boolean = true) { book @include(if: $b) { id } }", {"b": None}
    )
    assert data == "null"
    assert len(errors) == 1


def test_variables_that_are_wrong_stop_everything():
    calls = []
    library = Library(Query_book=now(lambda: calls.append(1)))
    data, errors = library.run("query ($id: Int) { book(id: $id) { id } }", {"id": "one"})
    assert (data, calls) == ("null", [])
    assert "Variable '$id' has invalid value" in errors[0][0]


@pytest.mark.parametrize("of", ["[1]", "$of", "[$one]"])
def test_each_call_has_arguments_of_its_own(of):
    seen = []

    def reviews(parent, arguments, context):
        seen.append(json.dumps(arguments))
        arguments["of"].append(2)
        arguments["more"] = 3
        return arguments["of"]

    library = Library(
        Query_books=now(lambda: [Book(1), Book(2)]), Book_reviews=ActionField(None, reviews)
    )
    plan = compile_plan(
        library.schema,
        parse(f"query ($of: [Int!], $one: Int!) {{ books {{ reviews(of: {of}) }} }}"),
    )
    for _ in range(2):
        asyncio.run(plan.execute({"of": [1], "one": 1}, "context"))
    assert seen == ['{"of": [1]}'] * 4


def test_no_action_is_called_twice_where_a_sibling_surprises():
    calls = []
    library = Library(
        Book_slow=now(lambda: calls.append("slow")),
        Query_book=now(lambda: calls.append("book") or Book(1, title=object())),
    )
    _, errors = library.run("{ book { id slow title } }")
    assert calls == ["book", "slow"]
    assert [path for _, path in errors] == [["book", "title"]]


def test_root_fields_of_a_query_run_at_the_same_time():
    async def ask():
        both = asyncio.Barrier(2)

        async def book(parent):
            await both.wait()
            return Book(1)

        library = Library(Query_book=later(book))
        return await asyncio.wait_for(library.ask("{ a: book { id } b: book { id } }"), PATIENCE)

    assert asyncio.run(ask()) == ({"a": {"id": 1}, "b": {"id": 1}}, [])


def test_root_fields_of_a_mutation_run_one_after_the_other_with_all_their_children():
    events = []

    async def child(parent):
        await asyncio.sleep(0)
        events.append("child")
        return "x"

    library = Library(
        Book_slow=later(child),
        Mutation_first=now(lambda: events.append("first") or Book(1)),
        Mutation_third=now(lambda: events.append("third") or Book(3)),
    )
    data, _ = library.run("mutation { first { slow } third { slow } }")
    assert events == ["first", "child", "third", "child"]
    assert data == '{"first": {"slow": "x"}, "third": {"slow": "x"}}'


def test_a_mutation_that_fails_altogether_goes_no_further():
    calls = []
    library = Library(
        Mutation_second=now(lambda: None),
        Mutation_third=now(lambda: calls.append(1)),
    )
    data, errors = library.run("mutation { first { id } second { id } third { id } }")
    assert (data, calls) == ("null", [])
    assert [path for _, path in errors] == [["second"]]


def batched(calls):
    async def many(parents, arguments, context):
        calls.append((len(parents), arguments))
        return [[parent.id] if isinstance(parent, Book) else [] for parent in parents]

    return BatchedField(many)


def test_a_batch_is_one_call_for_all_parents_and_aliases_with_equal_arguments():
    calls = []
    books = [Book(i) for i in range(5)]
    library = Library(Query_books=now(lambda: books), Book_reviews=batched(calls))
    data, errors = library.run(
        "{ books { reviews a: reviews(stars: 1) b: reviews(stars: 1) c: reviews(stars: 2) } }"
    )
    assert calls == [(5, {}), (10, {"stars": 1}), (5, {"stars": 2})]
    assert errors == []
    assert json.loads(data)["books"][4] == {"reviews": [4], "a": [4], "b": [4], "c": [4]}


def test_a_batch_waits_for_parents_that_come_later():
    calls = []

    async def peer(parent):
        for _ in range(parent.id):
            await asyncio.sleep(0)
        return parent

    library = Library(
        Query_books=now(lambda: [Book(i) for i in range(4)]),
        Book_peer=later(peer),
        Book_reviews=batched(calls),
    )
    data, _ = library.run("{ books { peer { reviews } } }")
    assert calls == [(4, {})]
    assert json.loads(data)["books"][3] == {"peer": {"reviews": [3]}}


def test_an_exception_in_a_batch_is_of_one_parent():
    async def many(parents, arguments, context):
        return [ValueError("no") if parent.id == 1 else [parent.id] for parent in parents]

    library = Library(Query_books=now(lambda: [Book(0), Book(1)]), Book_reviews=BatchedField(many))
    data, errors = library.run("{ books { reviews } }")
    assert data == '{"books": [{"reviews": [0]}, {"reviews": null}]}'
    assert errors == [("no", ["books", 1, "reviews"])]


@pytest.mark.parametrize("given", [[[1]], None])
def test_a_batch_of_another_length_fails_for_all(given):
    async def many(parents, arguments, context):
        return given

    library = Library(Query_books=now(lambda: [Book(0), Book(1)]), Book_reviews=BatchedField(many))
    data, errors = library.run("{ books { reviews } }")
    assert data == '{"books": [{"reviews": null}, {"reviews": null}]}'
    assert len(errors) == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{ books { slow } }", ["1", "2", "3"]),
        ("{ book { slow } }", ["1"]),
        ("{ books { reviews } }", ["all"]),
        ("{ books { slow } a: books { reviews } }", ["1", "2", "3", "all"]),
        ("mutation { first { slow } third { id } }", ["1"]),
    ],
)
def test_cancelling_the_caller_cancels_all_that_runs_and_waits_for_its_end(text, names):
    begun, ended = [], []
    all_have_begun = asyncio.Event()

    async def forever(name):
        begun.append(name)
        if len(begun) == len(names):
            all_have_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    async def ask():
        library = Library(
            Query_books=now(lambda: [Book(1), Book(2), Book(3)]),
            Book_slow=later(lambda parent: forever(str(parent.id))),
            Book_reviews=BatchedField(lambda parents, arguments, context: forever("all")),
        )
        asking = asyncio.create_task(library.ask(text))
        await all_have_begun.wait()
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        assert sorted(ended) == names

    asyncio.run(asyncio.wait_for(ask(), PATIENCE))


def test_what_runs_below_a_null_is_cancelled():
    ended = []

    async def name(parent):
        await asyncio.sleep(0)
        if parent.name != "Ann":
            return
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(parent.name)

    books = [Book(1), Book(2, author=Author("Bob"))]
    library = Library(Query_books=now(lambda: books), Author_name=later(name))
    assert library.run("{ books { author { name } } }")[0] == '{"books": null}'
    assert ended == ["Ann"]


def test_what_never_began_below_a_null_leaves_no_warning():
    async def never(parent):
        raise AssertionError

    library = Library(Book_slow=later(never), Book_peer=now(lambda: 3), Query_sure=now(int))
    assert library.run("{ book { slow } sure { id } }")[0] == "null"
    coroutines = [asyncio.sleep(0, Book(2)) for _ in range(2)]
    library = Library(Query_books=now(lambda: [*coroutines[:1], None, *coroutines[1:]]))
    assert library.run("{ books { id } }")[0] == '{"books": null}'


def test_what_is_no_exception_ends_the_execution():
    async def leave(parent):
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    library = Library(Query_books=now(lambda: [Book(1), Book(2)]), Book_slow=later(leave))
    with pytest.raises(asyncio.CancelledError):
        library.run("{ books { slow } }")


@pytest.mark.parametrize("waits", [0, 1, 3])
def test_each_of_many_that_run_has_its_own_context_and_can_be_timed_out(waits):
    variable = ContextVar("variable", default="unset")
    tasks = set()

    async def slow(parent):
        seen = variable.get()
        variable.set("set")
        try:
            async with asyncio.timeout(0 if parent.id == 2 else 60):
                for _ in range(waits):
                    tasks.add(asyncio.current_task())
                    await asyncio.sleep(0)
                if parent.id == 2 and waits:
                    await asyncio.Event().wait()
        except TimeoutError:
            return "late"
        return f"{seen} {variable.get()}"

    books = [Book(i) for i in range(1, 5)]
    library = Library(Query_books=now(lambda: books), Book_slow=later(slow))
    data, errors = library.run("{ books { slow } }")
    shown = [book["slow"] for book in json.loads(data)["books"]]
    late = "late" if waits else "unset set"
    assert (shown, errors) == (["unset set", late, "unset set", "unset set"], [])
    assert len(tasks) == (4 if waits else 0)


def test_futures_and_items_that_are_awaited_are_values():
    async def ask():
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, Book(7))
        library = Library(
            Query_books=now(lambda: [asyncio.sleep(0, Book(1)), Book(2)]),
            Query_book=now(lambda: future),
        )
        return await library.ask("{ a: book { id } b: book { id } books { id } }")

    data, errors = asyncio.run(ask())
    assert (data["a"], data["b"], errors) == ({"id": 7}, {"id": 7}, [])
    assert data["books"] == [{"id": 1}, {"id": 2}]


def test_an_async_generator_is_a_list():
    async def books():
        yield Book(1)
        yield Book(2)

    assert Library(Query_books=now(books)).run("{ books { id } }")[0] == (
        '{"books": [{"id": 1}, {"id": 2}]}'
    )


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Book") { name } }',
        "{ book { id } me { __schema { types { name } } } }",
        MANY_CONDITIONS,
    ],
)
def test_what_plans_do_not_cover_is_left_to_graphql_core(text):
    assert Library().plan(text) is None


def test_other_resolvers_are_left_to_graphql_core():
    assert Library(Query_book=lambda source, info, **given: None).plan("{ book { id } }") is None


def test_fragments_that_multiply_are_left_to_graphql_core():
    spread = "\n".join(
        f"fragment F{i} on Query {{ a: me {{ ...F{i + 1} }} b: me {{ ...F{i + 1} }} }}"
        for i in range(12)
    )
    text = "{ ...F0 }\n" + spread + "\nfragment F12 on Query { book { id } }"
    assert Library().plan(text) is None


def test_operations_leave_nothing_to_the_garbage_collector():
    async def title(parent):
        return "Tales"

    library = Library(Query_books=now(lambda: [Book(1), Book(2)]), Book_slow=later(title))
    plan = library.plan("{ book { id slow } books { slow } }")

    async def left_by_a_hundred():
        await plan.execute({}, "context")
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                await plan.execute({}, "context")
            return gc.collect()
        finally:
            gc.enable()

    assert asyncio.run(left_by_a_hundred()) < 100
