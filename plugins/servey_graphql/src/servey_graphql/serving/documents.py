"""Documents, from their texts to what can be run: limited, parsed, checked, and planned.

That costs a hundred times what running a small one does, so what was found good is kept when it is
asked for again, as long as there is room; what was not is refused anew each time.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from servey_graphql.serving.costs import CostModel
from servey_graphql.serving.limits import Limits
from servey_graphql.serving.problems import DocumentTooComplex, InvalidDocument
from servey_graphql.serving.quick_rules import quick_rule
from servey_graphql.settings import GraphqlSettings

if TYPE_CHECKING:
    from servey_graphql.plans import Plan

MAX_ERRORS = 10
"""How many errors of one document are told."""
_SEEN_FOR_EACH_KEPT = 16
"""How many documents are remembered to have been asked for, for each that may be kept."""
_INTROSPECTION = re.compile(r"__(?!typename\b)")
"""What is in every document that introspects: a name that begins so."""

CompilePlan = Callable[[GraphQLSchema, DocumentNode, str | None], "Plan | None"]


class Operation:
    """An operation that can be run.

    Attributes:
        document: The document that it is in.
        name: Its name; None where it is the only one and has none.
        node: What the document says of it.
        reads: Whether it is a query, which changes nothing.
        streams: Whether it is a subscription, which has a result for each event.
        plan: What runs it; None where graphql-core has to.
    """

    __slots__ = (
        "_cost",
        "_max_cost",
        "_sizes",
        "document",
        "name",
        "node",
        "plan",
        "reads",
        "streams",
    )

    def __init__(
        self,
        document: DocumentNode,
        node: OperationDefinitionNode,
        plan: "Plan | None",
        costs: CostModel,
        max_cost: int,
    ) -> None:
        self.document = document
        self.name = node.name.value if node.name else None
        self.node = node
        self.reads = node.operation is OperationType.QUERY
        self.streams = node.operation is OperationType.SUBSCRIPTION
        self.plan = plan
        self._max_cost = max_cost
        self._sizes = costs.defaults(node)
        self._cost = costs.cost(node, _fragments(document))
        if not self._cost.parts:
            self._refuse_beyond(self._cost.fixed)

    def check_cost(self, variables: Mapping[str, Any]) -> None:
        """Refuse what would come to too much.

        Args:
            variables: The values of variables, unchecked.

        Raises:
            DocumentTooComplex: It would.
        """
        if self._cost.parts:
            self._refuse_beyond(self._cost.with_variables(variables, self._sizes))

    def _refuse_beyond(self, cost: int) -> None:
        limit = self._max_cost
        if limit and cost > limit:
            text = f"The operation may come to more than {limit} values: ask for shorter lists."
            raise DocumentTooComplex(text, limit=limit)


class Document:
    """A document that fits the schema.

    Args:
        node: What it says.
        prepare: Makes of one of its operations what can be run.
    """

    __slots__ = ("_operations", "_prepare", "node")

    def __init__(
        self,
        node: DocumentNode,
        prepare: Callable[[DocumentNode, OperationDefinitionNode], Operation],
    ) -> None:
        self.node = node
        self._prepare = prepare
        self._operations: dict[str | None, Operation] = {}

    def operation(self, name: str | None) -> Operation:
        """One of its operations.

        Args:
            name: Its name; None where there is one only.

        Raises:
            InvalidDocument: There is none of that name, or there are several.
            DocumentTooComplex: It would come to too much.
        """
        found = self._operations.get(name)
        if found is None:
            found = self._operations[name] = self._prepare(self.node, self._find(name))
        return found

    def _find(self, name: str | None) -> OperationDefinitionNode:
        operations = [
            one for one in self.node.definitions if isinstance(one, OperationDefinitionNode)
        ]
        if name is None and len(operations) == 1:
            return operations[0]
        for one in operations:
            if name is not None and one.name is not None and one.name.value == name:
                return one
        if not operations:
            raise InvalidDocument("The document has no operation.")
        if name is None:
            raise InvalidDocument(
                "The document has several operations: `operationName` says which."
            )
        raise InvalidDocument(f"The document has no operation named {name[:100]!r}.")


class Documents:
    """The documents that were found good, by their texts.

    Args:
        schema: What they have to fit.
        settings: How much they may ask for, and how many are kept.
        compile_plan: What makes plans.
        development: Whether the caller is the developer, who is told of names that come near, and
            may ask for the schema where the settings do not say.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        settings: GraphqlSettings,
        compile_plan: CompilePlan,
        *,
        development: bool,
    ) -> None:
        self._schema = schema
        self._settings = settings
        self._compile_plan = compile_plan
        self._hides = not development
        self._limits = Limits.of(settings)
        self._costs = CostModel(schema, settings.graphql_list_size)
        self._introspects = settings.introspects(development=development)
        self._rules = [quick_rule(rule) for rule in specified_rules]
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0
        self._seen: set[int] = set()

    def get(self, text: str) -> Document:
        """The document of a text.

        Raises:
            InvalidDocument: It is no GraphQL, or does not fit the schema.
            DocumentTooComplex: It is longer, or asks for more, than is taken.
        """
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            return document
        document = Document(self._checked(text), self._prepare)
        if self._was_seen(text):
            self._keep(text, document)
        return document

    def _checked(self, text: str) -> DocumentNode:
        try:
            node = self._parsed(text)
            self._limits.check(node)
            errors = validate(
                self._schema, node, self._rules_for(text), MAX_ERRORS, hide_suggestions=self._hides
            )
        except RecursionError:
            raise DocumentTooComplex("The document is nested too deeply.") from None
        if errors:
            raise InvalidDocument(found=errors)
        return node

    def _rules_for(self, text: str) -> list[type[ASTValidationRule]]:
        if self._introspects or not _INTROSPECTION.search(text):
            return self._rules
        return [*self._rules, NoSchemaIntrospectionCustomRule]

    def _parsed(self, text: str) -> DocumentNode:
        limit, tokens = self._settings.graphql_max_document, self._settings.graphql_max_tokens
        if limit and len(text) > limit:
            long = f"The document is longer than {limit} characters."
            raise DocumentTooComplex(long, limit=limit)
        try:
            return parse(text, max_tokens=tokens or None)
        except GraphQLError as error:
            raise InvalidDocument(found=[error]) from None

    def _prepare(self, document: DocumentNode, node: OperationDefinitionNode) -> Operation:
        name = node.name.value if node.name else None
        plan = self._compile_plan(self._schema, document, name)
        return Operation(document, node, plan, self._costs, self._settings.graphql_max_cost)

    def _was_seen(self, text: str) -> bool:
        """Whether a document was asked for lately: what comes once takes nobody's place."""
        seen, key = self._seen, hash(text)
        if key in seen:
            return True
        if len(seen) >= self._settings.graphql_cached_documents * _SEEN_FOR_EACH_KEPT:
            seen.clear()
        seen.add(key)
        return False

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._characters += len(text)
        while self._kept and (
            len(self._kept) > self._settings.graphql_cached_documents
            or self._characters > self._settings.graphql_cached_characters
        ):
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
