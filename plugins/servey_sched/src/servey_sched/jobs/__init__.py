"""Jobs, between actions and brokers: as messages, and what is kept of them."""
