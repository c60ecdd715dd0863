"""Storage: the only writer of files."""
