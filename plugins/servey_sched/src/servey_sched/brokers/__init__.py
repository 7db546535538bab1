"""Dramatiq brokers with one set of semantics."""
