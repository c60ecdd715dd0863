"""Geometric techniques: each is one matrix, so that it maps pixels and points alike."""
