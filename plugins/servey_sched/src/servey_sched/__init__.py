"""Servey's background jobs and schedules."""
