"""Servey's actions as a REST API, with OpenAPI and a documentation page that needs no network."""
