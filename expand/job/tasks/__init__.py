"""What a worker does: the copies of one source, with their labels, from its bytes to its files."""
