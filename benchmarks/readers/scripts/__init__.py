"""Readers: each runs in its own environment on a dataset and what `expand` made of it."""
