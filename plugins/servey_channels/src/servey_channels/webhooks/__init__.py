"""Webhooks (Standard Webhooks 1.0): events for other services, and what other services send."""
