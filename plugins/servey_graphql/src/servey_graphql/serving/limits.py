"""How much a document may ask for, found out in a time that grows with its length alone.

It is asked before the document is checked against the schema, and so knows no types. What stands
in a fragment counts wherever the fragment is spread, and is looked at once.
"""

from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from servey_graphql.serving.problems import DocumentTooComplex, InvalidDocument
from servey_graphql.settings import GraphqlSettings


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each that is taken; 0 stands for any number.

    Attributes:
        depth: Fields in one another.
        fields: Fields of an operation.
        aliases: Fields of an operation that are given other names.
        root_fields: Fields that an operation begins with.
        directives: Directives of the whole document.
        spreads: Spreads of fragments in the whole document: checking that fields which overlap fit
            each other takes a time that grows with their square.
    """

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    root_fields: int = 0
    directives: int = 0
    spreads: int = 0

    @classmethod
    def of(cls, settings: GraphqlSettings) -> "Limits":
        """The limits that the settings ask for."""
        return cls(
            settings.graphql_max_depth,
            settings.graphql_max_fields,
            settings.graphql_max_aliases,
            settings.graphql_max_root_fields,
            settings.graphql_max_directives,
            settings.graphql_max_spreads,
        )

    def check(self, document: DocumentNode) -> None:
        """Refuse a document that asks for too much.

        Raises:
            DocumentTooComplex: It does.
            InvalidDocument: A fragment is in itself.
            RecursionError: It is nested too deeply to be looked at.
        """
        counter = _Counter(document)
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._check_operation(counter.of_operation(definition))
        counter.look_at_all_fragments()
        _refuse_beyond(self.directives, counter.directives, "directives")
        _refuse_beyond(self.spreads, counter.spreads, "spreads of fragments")

    def _check_operation(self, counts: "_Counts") -> None:
        _refuse_beyond(self.depth, counts.depth, "levels of fields")
        _refuse_beyond(self.fields, counts.fields, "fields")
        _refuse_beyond(self.aliases, counts.aliases, "aliases")
        _refuse_beyond(self.root_fields, counts.here, "fields at its root")


def _refuse_beyond(limit: int, number: int, called: str) -> None:
    if limit and number > limit:
        raise DocumentTooComplex(f"The document has more than {limit} {called}.", limit=limit)


class _Counts(NamedTuple):
    """What a selection set comes to; `here` are the fields that are not within others of it."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    here: int = 0


_NOTHING = _Counts()


class _Counter:
    """Counts what is in the parts of a document.

    Attributes:
        directives: The directives so far.
        spreads: The spreads of fragments so far.
    """

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        self._known: dict[str, _Counts | None] = {}
        self.directives = 0
        self.spreads = 0

    def of_operation(self, operation: OperationDefinitionNode) -> _Counts:
        """What is in an operation."""
        self.directives += len(operation.directives or ())
        for variable in operation.variable_definitions or ():
            self.directives += len(variable.directives or ())
        return self._of(operation.selection_set)

    def look_at_all_fragments(self) -> None:
        """Count what is in fragments that nobody spreads, too."""
        for name in self._fragments:
            self._of_fragment(name)

    def _of(self, selected: SelectionSetNode | None) -> _Counts:
        if selected is None:
            return _NOTHING
        depth = fields = aliases = here = 0
        for one in selected.selections:
            self.directives += len(one.directives or ())
            if isinstance(one, FieldNode):
                inner = self._of(one.selection_set)
                aliased = one.alias is not None
                found = _Counts(1 + inner.depth, 1 + inner.fields, aliased + inner.aliases, 1)
            elif isinstance(one, FragmentSpreadNode):
                self.spreads += 1
                found = self._of_fragment(one.name.value)
            elif isinstance(one, InlineFragmentNode):
                found = self._of(one.selection_set)
            depth = max(depth, found.depth)
            fields += found.fields
            aliases += found.aliases
            here += found.here
        return _Counts(depth, fields, aliases, here)

    def _of_fragment(self, name: str) -> _Counts:
        if name not in self._fragments:
            return _NOTHING  # of which the check against the schema tells
        if name not in self._known:
            self._known[name] = None
            definition = self._fragments[name]
            self.directives += len(definition.directives or ())
            self._known[name] = self._of(definition.selection_set)
        counts = self._known[name]
        if counts is None:
            raise InvalidDocument(f"The fragment {name[:100]!r} is in itself.")
        return counts
