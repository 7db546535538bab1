"""What there is to ask for: from the actions to an executable schema, and its text."""

from servey_graphql.schema.building import build_schema, sdl_text

__all__ = ["build_schema", "sdl_text"]
