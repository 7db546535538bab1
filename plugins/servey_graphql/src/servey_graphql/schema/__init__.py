"""What there is to ask for: from the actions to an executable schema, and its text."""

from servey_graphql.schema.building import build_schema, sdl_text
from servey_graphql.schema.subscriptions import subscription_channels

__all__ = ["build_schema", "sdl_text", "subscription_channels"]
