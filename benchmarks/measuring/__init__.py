"""How applications are measured, and how the figures are told."""
