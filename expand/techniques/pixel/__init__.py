"""Pixel techniques: they change values, not places."""
