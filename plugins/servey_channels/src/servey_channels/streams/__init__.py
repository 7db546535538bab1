"""Channels as server-sent events, for who needs no more than to listen."""
