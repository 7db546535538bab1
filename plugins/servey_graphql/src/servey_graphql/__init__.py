"""Servey's actions as a GraphQL API, with an explorer that needs no network."""
