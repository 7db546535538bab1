"""`python -m servey_core` does what `servey` does."""

from servey_core.cli import main

main()
