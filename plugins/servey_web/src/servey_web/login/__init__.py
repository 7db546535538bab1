"""Logging browsers in and out, by pages of the host's own."""
