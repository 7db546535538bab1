"""The files that the explorer is made of: GraphiQL's bundle, where it was made, and our own."""

from functools import cache

from servey_web import PageFiles


@cache
def page_files() -> PageFiles:
    """The files, which are looked at once."""
    return PageFiles.beside(__file__, "graphiql.js")
