"""Schedulers, which turn ticks into jobs."""
