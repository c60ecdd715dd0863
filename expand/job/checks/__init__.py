"""Check an expanded dataset: what earlier runs left, and each file against its record."""
