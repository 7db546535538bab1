"""Servey's state in Redis: one place for all processes of all machines."""
