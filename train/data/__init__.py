"""Data: folders listed, decoded, split by source, and checked for leaks."""
