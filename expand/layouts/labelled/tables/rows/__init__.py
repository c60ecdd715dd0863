"""Rows of one image: what they say of places in it, moved by each view."""
