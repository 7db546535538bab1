"""Subscriptions, and all else that can be asked for by websockets and as server-sent events."""

from servey_graphql.subscriptions.routes import with_subscriptions

__all__ = ["with_subscriptions"]
