"""Brings events to the clients of one process: each is read, encoded and framed once for all."""
