"""Where what outlives a call is kept: one place for all surfaces, which `SERVEY_STATE` names."""
