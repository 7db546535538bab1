"""Caching hints over HTTP: header fields, and the conditions of callers that have a result."""
