"""Geometric techniques: each is one matrix, which maps pixels and points alike; a file each."""
