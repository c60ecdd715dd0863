"""Which mask belongs to which image, by their names."""
