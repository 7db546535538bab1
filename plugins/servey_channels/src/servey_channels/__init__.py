"""Event channels of Servey, for connected clients."""
