"""Websocket clients: their connections, what they say, and what they are answered."""
