"""A tour of what actions can be; each module shows one idea."""
