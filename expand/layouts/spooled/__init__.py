"""Spooled collections: they keep what does not fit into memory in temporary files."""
