"""Train: learn from an expanded dataset, by any strategy."""
