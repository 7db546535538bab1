"""Pages: the results of actions, rendered by templates."""
