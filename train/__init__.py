"""Train: learn from an expanded set, by any strategy."""
